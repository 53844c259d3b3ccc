// quantface quantize: a full-precision network to an integer network.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "base/thread_pool.h"
#include "cli/commands.h"
#include "cli/data_source.h"
#include "cli/json_output.h"
#include "cli/model_loading.h"
#include "cli/text_table.h"
#include "cli/version.h"
#include "quantize/post_training.h"

namespace quantface {

namespace {

struct QuantizeOptions {
    std::string model, out;
    bool ptq = false;
    std::string data = "rendered";
    uint64_t seed = 1;
    std::string observer = "auto";
    PostTrainingOptions training;
    int ends_bits = 0, residual_bits = 0;  // 0: as all others
    bool no_bias_correction = false, no_compensation = false, no_equalization = false;
    int threads = 0;
    InputOptions input;
    JsonOptions json;
};

// Made before any work, so that hours are not lost to a misspelt folder.
void check_output(const std::filesystem::path& out) {
    const std::filesystem::path folder = out.has_parent_path() ? out.parent_path() : ".";
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored)) {
        fail_work(out.string() + ": its folder does not exist; create it first");
    }
}

PostTrainingOptions training_options(const QuantizeOptions& options) {
    PostTrainingOptions training = options.training;
    if (options.ends_bits != 0) training.ends_bits = options.ends_bits;
    if (options.residual_bits != 0) training.residual_bits = options.residual_bits;
    if (options.observer != "auto") training.observer = observer_from_name(options.observer);
    training.bias_correction = !options.no_bias_correction;
    training.weight_compensation = !options.no_compensation;
    training.equalization = !options.no_equalization;
    return training;
}

}  // namespace

}  // namespace quantface
