#include "cli/eval_options.h"

#include <CLI/CLI.hpp>
#include <charconv>

#include "base/error.h"
#include "cli/data_source.h"

namespace quantface {

namespace {

void add_judging_options(CLI::App& command, EvalOptions& options) {
    const std::string group = "Judging";
    command.add_flag("--flip", options.flip, "Add the mirror image's embedding to each image's")
        ->group(group);
    command
        .add_option("--ijb", options.ijb,
                    "How IJB templates are made: N1 keeps the features' length, D1 weighs by the detector's "
                    "score, F2 adds "
                    "the mirror image (F1 appends it, F0 leaves it out)")
        ->capture_default_str()
        ->group(group);
    command.add_option("--far", options.fars, "False accept rates to report (1e-6 to 1e-1)")
        ->check(CLI::Range(1e-9, 1.0))
        ->delimiter(',')
        ->type_name("FAR...")
        ->group(group);
    command.add_option("--bootstrap", options.bootstrap, "Replicates for confidence intervals; 0: none")
        ->check(CLI::Range(0, 1000000))
        ->capture_default_str()
        ->group(group);
    command.add_option("--confidence", options.confidence, "Of the intervals")
        ->check(CLI::Range(0.5, 0.9999))
        ->capture_default_str()
        ->group(group);
    command.add_option("--seed", options.seed, "Of the bootstrap")->capture_default_str()->group(group);
}

void add_report_options(CLI::App& command, EvalOptions& options) {
    const std::string group = "Report";
    command.add_option("--html", options.html, "Write a report, one file that needs no network")
        ->type_name("FILE")
        ->group(group);
    command.add_option("--csv", options.csv, "Write every figure, one a line")
        ->type_name("FILE")
        ->group(group);
    command
        .add_flag("--speed", options.speed,
                  "Measure the time of an image on one thread (with --html: always)")
        ->group(group);
    command.add_flag("--layers", options.layers, "Measure the noise of each layer (with --html: always)")
        ->group(group);
    command
        .add_option("--faces", options.faces,
                    "Synthetic faces to show (default: rendered ones, where a network was made with them)")
        ->type_name("SOURCE")
        ->group(group);
    command
        .add_flag("--no-pictures", options.no_pictures,
                  "Leave the faces of the worst pairs out of the report")
        ->group(group);
    command.add_option("--missing", options.missing, "Say in the report what could not be run")
        ->type_name("TEXT...")
        ->group(group);
}

}  // namespace

void add_eval_options(CLI::App& command, EvalOptions& options) {
    command
        .add_option("MODEL", options.models,
                    "Networks to compare (.onnx, .qfm); PATH?mean=A[,B,C]&std=A[,B,C]&bgr says one's input")
        ->required();
    command
        .add_option("--bench", options.benchmarks,
                    "FILE.bin; LIST.txt:FOLDER with pairs of photographs; a folder in IJB layout; a folder "
                    "of identities")
        ->type_name("SPEC...");
    command
        .add_option("--data", options.data, std::string("Measure agreement on these too: ") + kDataSourceHelp)
        ->type_name("SOURCE");
    command.add_option("--images", options.images, "Images taken from --data")
        ->check(CLI::Range(int64_t{1}, int64_t{10000000}))
        ->capture_default_str();
    command
        .add_option("--teacher", options.teacher,
                    "Network that the others are held against (default: the one that a .qfm was made from, "
                    "else the first "
                    "full-precision one)")
        ->type_name("MODEL");
    add_judging_options(command, options);
    command
        .add_option("--cache", options.cache,
                    "Keep embeddings in this folder, so that interrupted work goes on and none is done twice "
                    "(they are "
                    "biometric data of whoever is on the images)")
        ->type_name("DIR");
    command
        .add_option(
            "--shard", options.shard,
            "Only embed part K of N into --cache, and judge nothing; `quantface merge` brings parts together")
        ->type_name("K/N");
    add_report_options(command, options);
    command.add_option("--threads", options.threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_photo_options(command, options.photos);
    add_input_options(command, options.input);
    add_json_options(command, options.json);
}

Shard parse_shard(const std::string& text) {
    if (text.empty()) return {};
    Shard shard;
    const char* const end = text.data() + text.size();
    const auto [slash, error] = std::from_chars(text.data(), end, shard.index);
    const bool first = error == std::errc() && slash != end && *slash == '/';
    const auto [rest, second] = first ? std::from_chars(slash + 1, end, shard.count)
                                      : std::from_chars_result{end, std::errc::invalid_argument};
    if (second != std::errc() || rest != end || shard.count < 1 || shard.count > 100000 || shard.index < 1 ||
        shard.index > shard.count) {
        fail_usage("--shard " + text + ": K/N wanted, K from 1 to N");
    }
    --shard.index;
    return shard;
}

}  // namespace quantface
