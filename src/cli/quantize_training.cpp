#include "cli/quantize_training.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "cli/text_table.h"
#include "train/distill.h"

namespace quantface {

namespace {

std::filesystem::path checkpoint_path(const TrainingOptions& options, const std::string& out) {
    if (options.no_checkpoint) return {};
    return options.checkpoint.empty() ? out + ".checkpoint" : options.checkpoint;
}

DistillOptions distill_options(const PostTrainingOptions& start, const TrainingOptions& options, uint64_t seed,
                               const std::string& identity, const std::string& out) {
    DistillOptions distill;
    distill.start = start;
    distill.recipe = recipe_named(options.recipe);
    for (const std::string& assignment : options.set) set_recipe_value(distill.recipe, assignment);
    distill.steps = options.steps;
    distill.images = options.images;
    distill.seed = seed;
    if (options.precision == "float32") distill.precision = Precision::kFloat32;
    if (options.precision == "bfloat16") distill.precision = Precision::kBfloat16;
    distill.patience = options.patience;
    distill.checkpoint = checkpoint_path(options, out);
    distill.identity = identity;
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

}  // namespace

TrainingOutcome run_training(const Graph& teacher, const ImageSource& source, const PostTrainingOptions& start,
                             const TrainingOptions& options, uint64_t seed, const std::string& identity,
                             const std::string& out, ThreadPool& pool, Progress& progress) {
    DistillResult result = quantize_by_distillation(
        teacher, source, distill_options(start, options, seed, identity, out), pool, progress);
    TrainingOutcome outcome;
    outcome.observer = observer_name(result.observer);
    outcome.held_out_cosine = result.held_out_cosine;
    outcome.report = to_json(result);
    outcome.summary = fmt::format(
        "trained {} steps{} in {}, {:.1f} images/s, peak memory {}; cosine {:.4f} by calibration, {:.4f} at step {}",
        result.steps_done, result.stopped_early ? " (stopped early)" : "",
        result.precision == Precision::kBfloat16 ? "bfloat16" : "float32", result.images_per_second,
        format_bytes(result.peak_memory_bytes), result.start_cosine, result.held_out_cosine, result.best_step);
    outcome.writes = result.first_process;
    outcome.model = std::move(result.model);
    return outcome;
}

void remove_checkpoint(const TrainingOptions& options, const std::string& out) {
    const std::filesystem::path path = checkpoint_path(options, out);
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove(path, ignored);
}

}  // namespace quantface
