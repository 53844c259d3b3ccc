// quantface synth: rendered or teacher-guided faces as a folder of images.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/error.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/data_source.h"
#include "cli/guided_source.h"
#include "cli/model_loading.h"
#include "cli/text_table.h"
#include "cli/training_library.h"
#include "synth/rendered_source.h"
#include "synth/synth_folder.h"

namespace quantface {

namespace {

struct SynthOptions {
    SynthFolderOptions folder;
    std::string out;
    int threads = 0;
    // Teacher-guided faces.
    std::string guided;  // the teacher's file; empty: rendered faces
    std::string data = "rendered";
    int64_t steps = 0;  // 0: the recipe's
    std::vector<std::string> set;
    std::string device = "auto";
    InputOptions input;
    std::vector<CLI::Option*> guided_only, rendered_only;
};

void run_guided(const SynthOptions& options, Progress& progress) {
    const LoadedModel teacher = load_guiding_teacher(options.guided, options.input);
    const auto source = open_data_source(options.data, teacher.input_spec(), options.folder.seed);
    // Renderer and views agree, whatever --views says of folders.
    const bool rendered = options.data.starts_with("rendered");
    if (rendered && options.folder.views_per_identity != kViewsPerIdentity) {
        fail_usage("synth: rendered faces are guided in " + std::to_string(kViewsPerIdentity) +
                   " views of each person; --views goes with other --data");
    }
    GuidedRequest request{*teacher.graph(), *source, teacher.sha256};
    request.count = options.folder.count;
    request.views = options.folder.views_per_identity;
    request.seed = options.folder.seed;
    request.steps = options.steps;
    request.set = options.set;
    request.device = options.device;
    ThreadPool pool(options.threads);
    const GuidedOutcome outcome =
        training_library("synth --guided", "").guide(request, options.out, pool, progress);
    if (!outcome.summary.empty()) fmt::print("{}\n", outcome.summary);
    fmt::print("{}: {} faces guided by {}, {} were there\n", options.out, format_count(outcome.made),
               teacher.name, format_count(outcome.kept));
    print_notes(teacher);
}

void run_synth(SynthOptions options, Progress& progress) {
    const bool guided = !options.guided.empty();
    for (const CLI::Option* option : guided ? options.rendered_only : options.guided_only) {
        if (option->count() == 0) continue;
        fail_usage("synth: " + option->get_name() +
                   (guided ? " does not go with --guided" : " goes with --guided"));
    }
    if (guided) return run_guided(options, progress);
    options.folder.folder = options.out;
    ThreadPool pool(options.threads);
    const SynthFolderResult result = render_to_folder(options.folder, pool, progress);
    fmt::print("{}: {} faces rendered, {} were there\n", options.out, format_count(result.rendered),
               format_count(result.kept));
}

void add_guided_options(CLI::App& command, SynthOptions& options) {
    const std::string group = "Teacher-guided faces";
    command
        .add_option(
            "--guided", options.guided,
            "Move images by gradient until this full-precision .onnx sees in them what it was trained on")
        ->type_name("MODEL")
        ->group(group);
    options.guided_only = {
        command.add_option("--data", options.data, std::string("To begin with: ") + kDataSourceHelp)
            ->type_name("SOURCE")
            ->capture_default_str()
            ->group(group),
        command.add_option("--guided-steps", options.steps, "Steps of each batch (20)")
            ->check(CLI::Range(int64_t{1}, int64_t{100000}))
            ->group(group),
        command
            .add_option("--set", options.set, "Change numbers of the recipe (a wrong NAME lists them all)")
            ->type_name("NAME=NUMBER...")
            ->group(group),
        command.add_option("--device", options.device, "auto: CUDA where libtorch has it")
            ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
            ->capture_default_str()
            ->group(group)};
    add_input_options(command, options.input);
}

}  // namespace

void add_synth_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<SynthOptions>();
    CLI::App* command =
        program.add_subcommand("synth", "Render faces of people who do not exist into a folder");
    command->add_option("--out", options->out, "Folder; started again on the same one, the work goes on")
        ->required()
        ->type_name("DIR");
    command->add_option("--count", options->folder.count, "Images")
        ->check(CLI::Range(int64_t{1}, int64_t{100000000}))
        ->capture_default_str();
    command->add_option("--views", options->folder.views_per_identity, "Images of each person")
        ->check(CLI::Range(int64_t{1}, int64_t{1000}))
        ->capture_default_str();
    command->add_option("--seed", options->folder.seed, "The same seed gives the same faces")
        ->capture_default_str();
    CLI::Option* size = command->add_option("--size", options->folder.size, "Height and width, pixels")
                            ->check(CLI::Range(16, 1024))
                            ->capture_default_str();
    options->rendered_only = {size};
    command->add_option("--threads", options->threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    add_guided_options(*command, *options);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_synth(*options, progress); }; });
}

}  // namespace quantface
