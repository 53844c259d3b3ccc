#include "cli/synth_score.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "base/thread_pool.h"
#include "cli/data_source.h"
#include "cli/data_source_text.h"
#include "cli/score_report.h"

namespace quantface {

namespace {

bool is_drawn_by_program(const std::string& source) {
    const std::vector<SourceText> parts = parse_source(source);
    return std::all_of(parts.begin(), parts.end(), [](const SourceText& part) {
        return part.kind == SourceKind::kRendered || part.kind == SourceKind::kNoise;
    });
}

bool has_batch_norms(const Graph& graph) {
    for (const Node& node : graph.nodes) {
        if (std::holds_alternative<BatchNormOp>(node.op)) return true;
    }
    return false;
}

// Before hours of work, not after them.
void check_threshold(const ScoreOptions& options, const ImageSource& training) {
    if (options.disclosure.threshold) return;
    const auto images = static_cast<double>(training.size().value_or(options.count));
    if (images * (images - 1) / 2 * options.disclosure.far < 1) {
        fail_usage(training.description() + ": too few pairs for a FAR of " +
                   std::to_string(options.disclosure.far) + "; give a larger --far, or a --threshold");
    }
}

Disclosure disclosure_of(const LoadedModel& model, const ScoreOptions& options, const ImageSource& training,
                         ThreadPool& pool, Progress& progress, Score& score) {
    const int64_t count = training.size().value_or(options.count);
    const ScoredSet set =
        measure_set(model, training, count, {"training set", false, {}, {}}, pool, progress);
    score.training_set = set.name;
    score.training_images = set.images;
    const std::vector<Neighbour> nearest =
        nearest_in_gallery(score.set.embeddings, set.embeddings, model.embedding_size(), pool, progress);
    return measure_disclosure(nearest, set.pairs, options.disclosure);
}

void compare_with_reference(const LoadedModel& model, const ScoreOptions& options,
                            const ImageSource& reference, ThreadPool& pool, Progress& progress,
                            Score& score) {
    SetMeasurement measurement{"reference", score.set.activations.has_value(), {}, {}};
    std::vector<ActivationBounds> bounds;
    if (measurement.activations) bounds = score.set.activations->bounds();
    measurement.bounds = bounds;
    score.reference = measure_set(model, reference, options.count, measurement, pool, progress);
    if (!measurement.activations) return;
    score.layers = compare_activations(*model.graph(), *score.set.activations, *score.reference->activations);
    score.reference_batch_norms = batch_norm_distances(*model.graph(), *score.reference->activations);
}

}  // namespace

void run_score(const ScoreOptions& options, Progress& progress) {
    const LoadedModel model = load_model(options.model, options.input);
    const auto open = [&](const std::string& text, const char* option) {
        return text.empty() ? nullptr : open_data_source(text, model.input_spec(), options.seed, option);
    };
    // All of them before the work begins.
    const auto source = open(options.data, "--data"), reference = open(options.reference, "--reference"),
               training = open(options.training_set, "--training-set");
    if (source == nullptr) fail_usage("--data: no source given");
    if (training != nullptr) check_threshold(options, *training);
    ThreadPool pool(options.threads);
    Score score;
    score.model = model.name;
    score.embedding_size = model.embedding_size();
    score.drawn_by_program = is_drawn_by_program(options.data);
    score.duplicate_limits = options.duplicates;
    const bool activations =
        model.graph() != nullptr && (reference != nullptr || has_batch_norms(*model.graph()));
    score.set = measure_set(model, *source, options.count, {"set", activations, {}, options.duplicates}, pool,
                            progress);
    if (activations) score.batch_norms = batch_norm_distances(*model.graph(), *score.set.activations);
    if (reference != nullptr) compare_with_reference(model, options, *reference, pool, progress, score);
    if (training != nullptr)
        score.disclosure = disclosure_of(model, options, *training, pool, progress, score);
    put_json(options.json, score_json(score));
    print_notes(model);
    if (!options.json.print) print_score(score);
}

void add_score_options(CLI::App& command, ScoreOptions& options) {
    CLI::Option* score =
        command
            .add_option(
                "--score", options.model,
                "Render nothing: measure how good a set of faces is for this network (.onnx; .qfm where "
                "embeddings suffice)")
            ->type_name("MODEL");
    command
        .add_option("--reference", options.reference,
                    "Faces that the set stands in for: how far it covers their activations, layer by layer")
        ->type_name("SOURCE")
        ->needs(score);
    command
        .add_option("--training-set", options.training_set,
                    "What a generator was trained on: how near the set comes to it")
        ->type_name("SOURCE")
        ->needs(score);
    command
        .add_option("--far", options.disclosure.far,
                    "False accept rate of the verification threshold, found on the training set")
        ->check(CLI::Range(1e-9, 1.0))
        ->capture_default_str()
        ->needs(score);
    command.add_option("--threshold", options.disclosure.threshold, "That threshold itself, a cosine")
        ->check(CLI::Range(-1.0, 1.0))
        ->needs(score);
    command.add_option("--closest", options.disclosure.closest, "Images nearest to the training set listed")
        ->check(CLI::Range(int64_t{0}, int64_t{100000}))
        ->capture_default_str()
        ->needs(score);
    command
        .add_option("--duplicate-cosine", options.duplicates.cosine,
                    "Duplicates: embeddings' cosine of at least this, and ...")
        ->check(CLI::Range(-1.0, 1.0))
        ->capture_default_str()
        ->needs(score);
    command
        .add_option("--duplicate-pixels", options.duplicates.pixel_difference,
                    "... mean pixel difference of at most this, levels of 255")
        ->check(CLI::Range(0.0, 255.0))
        ->capture_default_str()
        ->needs(score);
    add_json_options(command, options.json);
    for (const char* name : {"--json", "--save-json"}) {
        command.get_option(name)->needs(score);
    }
}

}  // namespace quantface
