// The library that `quantize` and `synth` load for training: the only part of the program that libtorch is
// linked to.
#include "cli/training_module.h"

#include <fmt/format.h>

#include "train/distill.h"
#include "train/generator_source.h"
#include "train/guided_faces.h"

namespace quantface {

namespace {

DeviceKind device_kind(const std::string& name) {
    return name == "cpu" ? DeviceKind::kCpu : name == "cuda" ? DeviceKind::kCuda : DeviceKind::kAuto;
}

DistillOptions distill_options(const TrainingRequest& request) {
    const TrainingOptions& options = request.options;
    DistillOptions distill;
    distill.start = request.start;
    distill.recipe = recipe_named(options.recipe);
    for (const std::string& assignment : options.set) set_recipe_value(distill.recipe, assignment);
    distill.steps = options.steps > 0 ? options.steps : distill.recipe.steps;
    distill.images = options.images > 0 ? options.images : distill.recipe.images;
    if (distill.recipe.quantizer == QuantizerKind::kObserved) {
        distill.start.asymmetric_weights = true;
        if (!distill.start.observer) distill.start.observer = ObserverKind::kMinMax;
    }
    distill.seed = request.seed;
    if (options.precision == "float32") distill.precision = Precision::kFloat32;
    if (options.precision == "bfloat16") distill.precision = Precision::kBfloat16;
    distill.device = device_kind(options.device);
    distill.patience = options.patience;
    distill.checkpoint = request.checkpoint;
    distill.checkpoint_seconds = options.checkpoint_seconds;
    distill.identity = request.identity;
    return distill;
}

Json to_json(const DistillResult& result) {
    Json judgements = Json::array();
    for (const Judgement& judgement : result.judgements) {
        judgements.push_back({{"step", judgement.step},
                              {"embedding_loss", judgement.embedding_loss},
                              {"feature_loss", judgement.feature_loss},
                              {"held_out_cosine", judgement.held_out_cosine}});
    }
    return {{"start_cosine", result.start_cosine},
            {"best_step", result.best_step},
            {"steps_done", result.steps_done},
            {"resumed_from", result.resumed_from},
            {"stopped_early", result.stopped_early},
            {"precision", result.precision == Precision::kBfloat16 ? "bfloat16" : "float32"},
            {"images_per_second", result.images_per_second},
            {"peak_memory_bytes", result.peak_memory_bytes},
            {"judgements", judgements}};
}

TrainingOutcome train(const TrainingRequest& request, ThreadPool& pool, Progress& progress) {
    DistillResult result =
        quantize_by_distillation(request.teacher, request.source, distill_options(request), pool, progress);
    TrainingOutcome outcome;
    outcome.observer = observer_name(result.observer);
    outcome.held_out_cosine = result.held_out_cosine;
    outcome.report = to_json(result);
    outcome.writes = result.first_process;
    outcome.model = std::move(result.model);
    return outcome;
}

std::unique_ptr<ImageSource> open_generator(const GeneratorRequest& request) {
    return make_generator_source(request.file, parse_generator_options(request.options, request.default_seed),
                                 request.side);
}

GuidedOptions guided_options(const GuidedRequest& request) {
    GuidedOptions options;
    options.count = request.count;
    options.views = request.views;
    options.seed = request.seed;
    for (const std::string& assignment : request.set) set_guided_value(options.recipe, assignment);
    if (request.steps > 0) options.recipe.steps = request.steps;
    options.device = device_kind(request.device);
    options.teacher_sha256 = request.teacher_sha256;
    return options;
}

GuidedOutcome guide(const GuidedRequest& request, const std::filesystem::path& folder, ThreadPool& pool,
                    Progress& progress) {
    GuidedOptions options = guided_options(request);
    options.folder = folder;
    const GuidedResult result = guide_to_folder(request.teacher, request.source, options, pool, progress);
    GuidedOutcome outcome{result.made, result.kept, ""};
    if (result.made == 0) return outcome;
    const GuidedMeasures &from = result.before, &to = result.after;
    outcome.summary = fmt::format(
        "{:.2f} images/s in {}; distance of channel statistics {:.3f} to {:.3f}, length of the embeddings "
        "{:.2f} "
        "to {:.2f}, of their mean direction {:.3f} to {:.3f}, cosine of one identity {:.3f} to {:.3f}, of "
        "two "
        "{:.3f} to {:.3f}",
        result.images_per_second, result.bfloat16 ? "bfloat16" : "float32", from.statistics, to.statistics,
        from.embedding_length, to.embedding_length, from.direction, to.direction, from.same_cosine,
        to.same_cosine, from.other_cosine, to.other_cosine);
    return outcome;
}

std::string settings_of(const GuidedRequest& request) {
    return guided_settings(request.teacher, request.source.description(), guided_options(request));
}

}  // namespace

}  // namespace quantface

extern "C" const quantface::TrainingModule quantface_training_module = {
    quantface::kTrainingModuleVersion, &quantface::train, &quantface::open_generator, &quantface::guide,
    &quantface::settings_of};
