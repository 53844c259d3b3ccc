#include "cli/quantize_training.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "cli/text_table.h"
#include "cli/training_module.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

fs::path checkpoint_path(const TrainingOptions& options, const std::string& out) {
    if (options.no_checkpoint) return {};
    return options.checkpoint.empty() ? out + ".checkpoint" : options.checkpoint;
}

// Never unloaded: libtorch does not take that well.
const TrainingModule& load_training_module() {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    const fs::path file = program.parent_path().parent_path() / "lib" / "quantface" / "quantface_training.so";
    if (error || !fs::exists(file, error)) {
        fail_usage("quantize: this program has no training (" + file.string() +
                   " is not there: it is built where libtorch is); give --ptq to quantize by calibration");
    }
    void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) fail_work(std::string("quantize: training cannot be loaded: ") + ::dlerror());
    const auto* module = static_cast<const TrainingModule*>(::dlsym(library, kTrainingModuleSymbol));
    if (module == nullptr || std::strcmp(module->version, kTrainingModuleVersion) != 0) {
        fail_work("quantize: " + file.string() + " is of another version of this program");
    }
    return *module;
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
    TrainingOutcome outcome = load_training_module().train(request, pool, progress);
    outcome.summary = summarize(outcome);
    return outcome;
}

void remove_checkpoint(const TrainingOptions& options, const std::string& out) {
    const fs::path path = checkpoint_path(options, out);
    std::error_code ignored;
    if (!path.empty()) fs::remove(path, ignored);
}

}  // namespace quantface
