// quantface quantize: a full-precision network to an integer network.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/thread_pool.h"
#include "cli/bits_description.h"
#include "cli/commands.h"
#include "cli/data_source.h"
#include "cli/guided_source.h"
#include "cli/json_output.h"
#include "cli/model_loading.h"
#include "cli/quantize_training.h"
#include "cli/text_table.h"
#include "cli/version.h"
#include "formats/qfm.h"
#include "quantize/post_training.h"
#include "synth/rendered_source.h"

namespace quantface {

namespace {

struct QuantizeOptions {
    std::string model, out;
    bool ptq = false;
    std::string data = "render";
    uint64_t seed = 1;
    std::string observer = "auto";
    PostTrainingOptions calibration;
    TrainingOptions training;
    int ends_bits = 0, residual_bits = 0;  // 0: as all others
    bool no_bias_correction = false, no_compensation = false, no_equalization = false;
    int threads = 0;
    InputOptions input;
    JsonOptions json;
};

// Before any work, so that none is lost to a misspelt folder.
void check_output(const std::filesystem::path& out) {
    const std::filesystem::path folder = out.has_parent_path() ? out.parent_path() : ".";
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) {
        fail_work(out.string() + ": its folder does not exist; create it first");
    }
    if (std::filesystem::is_directory(out, ignored)) fail_work(out.string() + ": is a folder");
}

PostTrainingOptions calibration_options(const QuantizeOptions& options) {
    PostTrainingOptions calibration = options.calibration;
    if (options.ends_bits != 0) calibration.ends_bits = options.ends_bits;
    if (options.residual_bits != 0) calibration.residual_bits = options.residual_bits;
    if (options.observer != "auto") calibration.observer = observer_from_name(options.observer);
    calibration.bias_correction = !options.no_bias_correction;
    if (options.no_compensation) calibration.weight_compensation = false;
    calibration.equalization = !options.no_equalization;
    return calibration;
}

// What either method gives.
struct QuantizeResult {
    IntegerModel model;
    std::string observer;
    double held_out_cosine = 0;
    std::vector<LayerReport> layers;
    Json training;                 // null where there was none
    std::string training_summary;  // empty where there was none
    bool writes = true;            // false where another process of a common training does
};

// The quantizer's own record, with what only the program knows.
std::string complete_record(const std::string& record) {
    Json document = record.empty() ? Json::object() : Json::parse(record, nullptr, false);
    if (!document.is_object()) document = {{"quantizer", record}};
    document["program"] = std::string("quantface ") + kProgramVersion;
    return document.dump();
}

Json layers_json(const std::vector<LayerReport>& layers) {
    Json rows = Json::array();
    for (const LayerReport& layer : layers) {
        rows.push_back({{"name", layer.name},
                        {"op", layer.op},
                        {"weight_bits", layer.weight_bits},
                        {"activation_bits", layer.activation_bits},
                        {"signal_to_noise_db", layer.signal_to_noise_db},
                        {"embedding_cosine", layer.embedding_cosine}});
    }
    return rows;
}

void print_layers(const std::vector<LayerReport>& layers) {
    const auto bits = [](int count) { return count == 0 ? std::string() : std::to_string(count); };
    TextTable table({"layer, quantized alone", "<op", "w bits", "out bits", "SNR dB", "cosine"});
    for (const LayerReport& layer : layers) {
        table.add_row({layer.name, layer.op, bits(layer.weight_bits), bits(layer.activation_bits),
                       fmt::format("{:.1f}", layer.signal_to_noise_db),
                       fmt::format("{:.4f}", layer.embedding_cosine)});
    }
    fmt::print("{}\n", table.render());
}

Json to_json(const QuantizeOptions& options, const QuantizeResult& result, const LoadedModel& teacher,
             uint64_t file_bytes, double seconds) {
    Json document = {{"file", options.out},
                     {"bits", describe_bits(result.model)},
                     {"file_bytes", file_bytes},
                     {"teacher", teacher.name},
                     {"teacher_bytes", teacher.file_bytes},
                     {"teacher_sha256", teacher.sha256},
                     {"observer", result.observer},
                     {"held_out_cosine", result.held_out_cosine},
                     {"seconds", seconds},
                     {"record", Json::parse(result.model.record)}};
    if (!result.training.is_null()) document["training"] = result.training;
    if (options.calibration.layer_report) document["layers"] = layers_json(result.layers);
    return document;
}

void print_summary(const QuantizeOptions& options, const QuantizeResult& result, const LoadedModel& teacher,
                   uint64_t file_bytes, double seconds) {
    if (options.calibration.layer_report) print_layers(result.layers);
    if (!result.training_summary.empty()) fmt::print("{}\n", result.training_summary);
    fmt::print("{}: {}, {} ({:.2f} times smaller than {}), observer {}, {:.0f} s\n", options.out,
               describe_bits(result.model), format_bytes(file_bytes),
               static_cast<double>(teacher.file_bytes) / static_cast<double>(file_bytes), teacher.name,
               result.observer, seconds);
    const Json record = Json::parse(result.model.record);
    fmt::print("mean cosine to the original on {} held-out images of the same source: {:.4f}\n",
               record.value("held_out_images", options.calibration.held_out_images), result.held_out_cosine);
}

QuantizeResult calibrate(const Graph& teacher, const ImageSource& source, const QuantizeOptions& options,
                         ThreadPool& pool, Progress& progress) {
    PostTrainingResult calibrated =
        quantize_post_training(teacher, source, calibration_options(options), pool, progress);
    return {std::move(calibrated.model),
            observer_name(calibrated.observer),
            calibrated.held_out_cosine,
            std::move(calibrated.layers),
            Json(),
            "",
            true};
}

QuantizeResult train(const Graph& teacher, const ImageSource& source, const QuantizeOptions& options,
                     const std::string& identity, ThreadPool& pool, Progress& progress) {
    if (options.calibration.layer_report) fail_usage("quantize: --layer-report goes with --ptq");
    TrainingOutcome trained = run_training(teacher, source, calibration_options(options), options.training,
                                           options.seed, identity, options.out, pool, progress);
    return {std::move(trained.model),  trained.observer,           trained.held_out_cosine, {},
            std::move(trained.report), std::move(trained.summary), trained.writes};
}

std::unique_ptr<ImageSource> open_source(const QuantizeOptions& options, const LoadedModel& teacher,
                                         ThreadPool& pool, Progress& progress) {
    const auto guided = [&](std::optional<int64_t> count) {
        return open_guided_source(*teacher.graph(), teacher.sha256, count.value_or(kGuidedCount),
                                  options.seed, pool, progress);
    };
    return open_data_source(options.data, teacher.input_spec(), options.seed, "--data", guided);
}

void run_quantize(const QuantizeOptions& options, Progress& progress) {
    check_output(options.out);
    const LoadedModel teacher = load_model(options.model, options.input);
    if (teacher.graph() == nullptr) {
        fail_bad_input(options.model + ": is an integer network already; give the full-precision .onnx");
    }
    ThreadPool pool(options.threads);
    const auto source = open_source(options, teacher, pool, progress);
    if (source->description().find(kBuiltInHead) != std::string::npos)
        fmt::print(stderr, "{}\n", kBuiltInHeadNote);
    const auto start = std::chrono::steady_clock::now();
    QuantizeResult result = options.ptq ? calibrate(*teacher.graph(), *source, options, pool, progress)
                                        : train(*teacher.graph(), *source, options,
                                                teacher.sha256 + " " + source->description(), pool, progress);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!result.writes) return;
    result.model.teacher_sha256 = teacher.sha256;
    result.model.record = complete_record(result.model.record);
    write_qfm(options.out, result.model);
    if (!options.ptq) remove_checkpoint(options.training, options.out);
    const uint64_t file_bytes = std::filesystem::file_size(options.out);
    put_json(options.json, to_json(options, result, teacher, file_bytes, seconds));
    if (!options.json.print) print_summary(options, result, teacher, file_bytes, seconds);
    print_notes(teacher);
}

void add_method_options(CLI::App& command, QuantizeOptions& options) {
    const std::string group = "Method";
    const auto bits = CLI::Range(kMinBits, kMaxBits);
    command.add_option("--ends", options.ends_bits, "Other bits for the first and last layer")
        ->check(bits)
        ->group(group);
    command
        .add_option("--residual-bits", options.residual_bits, "Other bits for what additions read and make")
        ->check(bits)
        ->group(group);
    std::vector<std::string> observers = {"auto"};
    for (const ObserverKind kind : all_observers()) observers.push_back(observer_name(kind));
    command
        .add_option("--observer", options.observer,
                    "How activation ranges are found; auto: whichever agrees best")
        ->check(CLI::IsMember(observers))
        ->capture_default_str()
        ->group(group);
    command.add_flag("--no-bias-correction", options.no_bias_correction, "Leave biases as they are")
        ->group(group);
    command.add_flag("--no-weight-compensation", options.no_compensation, "Round each weight by itself")
        ->group(group);
    command
        .add_flag("--asymmetric-weights", options.calibration.asymmetric_weights,
                  "A zero point for each output channel's weights, as in the paper")
        ->group(group);
    command.add_flag("--no-equalization", options.no_equalization, "Leave channels unequal")->group(group);
    command.add_option("--equalization-strength", options.calibration.equalization_strength, "0 to 1")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str()
        ->group(group);
    command
        .add_option("--range-margin", options.calibration.range_margin,
                    "Widen observed ranges by this factor")
        ->check(CLI::Range(1.0, 4.0))
        ->capture_default_str()
        ->group(group);
    command
        .add_option("--skip-pass", options.calibration.skip_passes,
                    "Leave out a simplification of the graph, by name")
        ->type_name("NAME...")
        ->group(group);
}

void add_data_options(CLI::App& command, QuantizeOptions& options) {
    const std::string group = "Data";
    command.add_option("--data", options.data, std::string("Unlabelled faces: ") + kDataSourceHelp)
        ->type_name("SOURCE")
        ->capture_default_str()
        ->group(group);
    command.add_option("--images", options.calibration.images, "Images to calibrate on")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str()
        ->group(group);
    command
        .add_option("--held-out", options.calibration.held_out_images,
                    "The source's next images, to judge on")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str()
        ->group(group);
    command.add_option("--seed", options.seed, "Seed of a source that names none")
        ->capture_default_str()
        ->group(group);
}

}  // namespace

void add_quantize_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<QuantizeOptions>();
    CLI::App* command = program.add_subcommand("quantize", "A full-precision network to an integer network");
    const auto bits = CLI::Range(kMinBits, kMaxBits);
    command->add_option("MODEL", options->model, "A full-precision .onnx")->required();
    command->add_option("-o,--out", options->out, "The integer network")->required()->type_name("OUT.qfm");
    command->add_flag("--ptq", options->ptq, "By calibration alone, without training");
    CLI::Option_group* widths = command->add_option_group("Weights", "Exactly one of these");
    widths->add_option("--weights", options->calibration.weight_bits, "Bits of each weight")->check(bits);
    widths
        ->add_option("--target-size", options->calibration.target_bytes,
                     "Largest size of OUT.qfm; each layer gets 2 to 8 bits as it needs them")
        ->type_name("BYTES")
        ->transform(CLI::AsSizeValue(true));
    widths
        ->add_option("--target-bits", options->calibration.target_bits,
                     "Mean bits of a weight; each layer gets 2 to 8 as it needs them")
        ->check(CLI::Range(2.0, 8.0));
    widths->require_option(1);
    command->add_option("--acts", options->calibration.activation_bits, "Bits of each activation")
        ->required()
        ->check(bits);
    add_data_options(*command, *options);
    add_method_options(*command, *options);
    add_training_options(*command, options->training);
    command->add_flag("--layer-report", options->calibration.layer_report, "Say how much each layer loses");
    command->add_option("--threads", options->threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_input_options(*command, options->input);
    add_json_options(*command, options->json);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_quantize(*options, progress); }; });
}

}  // namespace quantface
