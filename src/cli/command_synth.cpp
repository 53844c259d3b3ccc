// quantface synth: rendered or teacher-guided faces as a folder of images, and how good a set of faces is.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/data_source.h"
#include "cli/data_source_text.h"
#include "cli/guided_source.h"
#include "cli/model_loading.h"
#include "cli/synth_score.h"
#include "cli/text_table.h"
#include "cli/training_library.h"
#include "synth/contact_sheet.h"
#include "synth/head/head_model.h"
#include "synth/rendered_source.h"
#include "synth/synth_folder.h"

namespace quantface {

namespace {

struct SynthOptions {
    SynthFolderOptions folder;
    std::string out, preview;
    std::string data = "render";  // what is guided or measured
    int threads = 0;
    ScoreOptions score;
    // Teacher-guided faces.
    std::string guided;  // the teacher's file; empty: rendered faces
    int64_t steps = 0;   // 0: the recipe's
    std::vector<std::string> set;
    std::string device = "auto";
    InputOptions input;
    // Options that need --guided, those that need it or --score, and those that --guided excludes.
    std::vector<CLI::Option*> guided_only, network_only, rendered_only;
};

void run_guided(const SynthOptions& options, Progress& progress) {
    const LoadedModel teacher = load_guiding_teacher(options.guided, options.input);
    const auto source = open_data_source(options.data, teacher.input_spec(), options.folder.seed);
    // Renderer and views agree, whatever --views says of folders.
    const std::vector<SourceText> parts = parse_source(options.data);
    const bool rendered = std::any_of(parts.begin(), parts.end(), [](const SourceText& part) {
        return part.kind == SourceKind::kRendered;
    });
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
    const GuidedOutcome outcome = load_training_library("synth --guided", "rendered faces need no training")
                                      .guide(request, options.out, pool, progress);
    if (!outcome.summary.empty()) fmt::print("{}\n", outcome.summary);
    fmt::print("{}: {} faces guided by {}, {} were there\n", options.out, format_count(outcome.made),
               teacher.name, format_count(outcome.kept));
    print_notes(teacher);
}

void check_companions(const SynthOptions& options) {
    const bool guided = !options.guided.empty(), score = !options.score.model.empty();
    auto refuse = [](const std::vector<CLI::Option*>& given, const std::string& why) {
        for (const CLI::Option* option : given) {
            if (option->count() > 0) fail_usage("synth: " + option->get_name() + why);
        }
    };
    if (guided) refuse(options.rendered_only, " does not go with --guided");
    if (!guided) refuse(options.guided_only, " goes with --guided");
    if (!guided && !score && options.preview.empty())
        refuse(options.network_only, " goes with --guided, --score or --preview");
}

// The first images of the source on one sheet; of rendered faces where no network says how it wants them.
void write_preview(const SynthOptions& options, Progress& progress) {
    InputSpec spec;
    spec.height = spec.width = options.folder.size;
    const auto source = open_data_source(options.data, spec, options.folder.seed);
    // With --out the note comes with the folder.
    if (options.out.empty() && source->description().find(kBuiltInHead) != std::string::npos)
        fmt::print(stderr, "{}\n", kBuiltInHeadNote);
    ThreadPool pool(options.threads);
    const int64_t count = std::min(options.folder.count, kSheetImages);
    write_file_atomically(options.preview, encode_png(contact_sheet(*source, count, pool, progress)));
}

void run_synth(SynthOptions options, Progress& progress) {
    check_companions(options);
    if (!options.score.model.empty()) {
        options.score.data = options.data;
        options.score.input = options.input;
        options.score.count = options.folder.count;
        options.score.seed = options.folder.seed;
        options.score.threads = options.threads;
        run_score(options.score, progress);
        return;
    }
    if (options.out.empty() && options.preview.empty())
        fail_usage("synth: where to? give --out DIR, --preview FILE.png, or --score MODEL to measure a set");
    if (!options.guided.empty()) return run_guided(options, progress);
    if (!options.preview.empty()) write_preview(options, progress);
    if (options.out.empty()) return;
    options.folder.head = installed_head_model();
    if (options.folder.head == nullptr) fmt::print(stderr, "{}\n", kBuiltInHeadNote);
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
    options.network_only = {
        command
            .add_option("--data", options.data, std::string("What is guided or measured: ") + kDataSourceHelp)
            ->type_name("SOURCE")
            ->capture_default_str()};
    add_input_options(command, options.input);
    for (const char* name : {"--input-mean", "--input-std", "--bgr"})
        options.network_only.push_back(command.get_option(name));
}

}  // namespace

void add_synth_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<SynthOptions>();
    CLI::App* command =
        program.add_subcommand("synth", "Render faces of people who do not exist into a folder");
    command->add_option("--out", options->out, "Folder; started again on the same one, the work goes on")
        ->type_name("DIR");
    command
        ->add_option("--preview", options->preview,
                     "Write the first images (64 at most) as one sheet to look at; with or without --out")
        ->type_name("FILE.png");
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
    add_score_options(*command, options->score);
    add_guided_options(*command, *options);
    for (const char* name : {"--out", "--preview", "--views", "--size", "--guided"}) {
        command->get_option("--score")->excludes(command->get_option(name));
    }
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_synth(*options, progress); }; });
}

}  // namespace quantface
