#include "cli/quantize_training.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/text_table.h"
#include "cli/training_library.h"
#include "cli/training_module.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

fs::path checkpoint_path(const TrainingOptions& options, const std::string& out) {
    if (options.no_checkpoint) return {};
    return options.checkpoint.empty() ? out + ".checkpoint" : options.checkpoint;
}

std::string summarize(const TrainingOutcome& outcome) {
    const Json& report = outcome.report;
    return fmt::format(
        "trained {} steps{} in {}, {:.1f} images/s, peak memory {}; cosine {:.4f} by calibration, {:.4f} at "
        "step {}",
        report.at("steps_done").get<int64_t>(),
        report.at("stopped_early").get<bool>() ? " (stopped early)" : "",
        report.at("precision").get<std::string>(), report.at("images_per_second").get<double>(),
        format_bytes(report.at("peak_memory_bytes").get<uint64_t>()), report.at("start_cosine").get<double>(),
        outcome.held_out_cosine, report.at("best_step").get<int64_t>());
}

}  // namespace

TrainingOutcome run_training(const Graph& teacher, const ImageSource& source,
                             const PostTrainingOptions& start, const TrainingOptions& options, uint64_t seed,
                             const std::string& identity, const std::string& out, ThreadPool& pool,
                             Progress& progress) {
    const TrainingRequest request = {
        teacher, source, start, options, seed, identity, checkpoint_path(options, out)};
    TrainingOutcome outcome = training_library("quantize", "; give --ptq to quantize by calibration")
                                  .train(request, pool, progress);
    outcome.summary = summarize(outcome);
    return outcome;
}

void remove_checkpoint(const TrainingOptions& options, const std::string& out) {
    const fs::path path = checkpoint_path(options, out);
    std::error_code ignored;
    if (!path.empty()) fs::remove(path, ignored);
}

}  // namespace quantface
