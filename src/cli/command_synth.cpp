// quantface synth: rendered faces as a folder of images, and how good a set of faces is.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/error.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/synth_score.h"
#include "cli/text_table.h"
#include "synth/synth_folder.h"

namespace quantface {

namespace {

struct SynthOptions {
    SynthFolderOptions folder;
    std::string out;
    int threads = 0;
    ScoreOptions score;
};

void run_synth(SynthOptions options, Progress& progress) {
    if (!options.score.model.empty()) {
        options.score.count = options.folder.count;
        options.score.seed = options.folder.seed;
        options.score.threads = options.threads;
        run_score(options.score, progress);
        return;
    }
    if (options.out.empty()) fail_usage("synth: where to? give --out DIR, or --score MODEL to measure a set");
    options.folder.folder = options.out;
    ThreadPool pool(options.threads);
    const SynthFolderResult result = render_to_folder(options.folder, pool, progress);
    fmt::print("{}: {} faces rendered, {} were there\n", options.out, format_count(result.rendered),
               format_count(result.kept));
}

}  // namespace

void add_synth_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<SynthOptions>();
    CLI::App* command =
        program.add_subcommand("synth", "Render faces of people who do not exist into a folder");
    command->add_option("--out", options->out, "Folder; started again on the same one, the work goes on")
        ->type_name("DIR");
    command->add_option("--count", options->folder.count, "Images")
        ->check(CLI::Range(int64_t{1}, int64_t{100000000}))
        ->capture_default_str();
    command->add_option("--views", options->folder.views_per_identity, "Images of each person")
        ->check(CLI::Range(int64_t{1}, int64_t{1000}))
        ->capture_default_str();
    command->add_option("--seed", options->folder.seed, "The same seed gives the same faces")
        ->capture_default_str();
    command->add_option("--size", options->folder.size, "Height and width, pixels")
        ->check(CLI::Range(16, 1024))
        ->capture_default_str();
    command->add_option("--threads", options->threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_score_options(*command, options->score);
    for (const char* name : {"--out", "--views", "--size"}) {
        command->get_option("--score")->excludes(command->get_option(name));
    }
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_synth(*options, progress); }; });
}

}  // namespace quantface
