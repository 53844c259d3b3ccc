// `quantize` with training: its options, and the run by the training library. Where that is not installed the
// options exist and the run refuses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "cli/json_output.h"
#include "faces/image_source.h"
#include "graph/integer_model.h"
#include "quantize/post_training.h"

namespace CLI {
class App;
}

namespace quantface {

struct TrainingOptions {
    std::string recipe = "default";
    std::vector<std::string> set;   // "name=number"
    int64_t steps = 0, images = 0;  // 0: the recipe's
    std::string precision = "auto", device = "auto";
    int patience = 10;
    std::string checkpoint;  // empty: beside the output
    bool no_checkpoint = false;
    double checkpoint_seconds = 60;
};

void add_training_options(CLI::App& command, TrainingOptions& options);

// What a trained network tells of itself.
struct TrainingOutcome {
    IntegerModel model;
    std::string observer;
    double held_out_cosine = 0;
    Json report;          // for --json
    std::string summary;  // a line for the terminal
    bool writes = true;   // false in all but the first of several processes that train together
};

// identity: what a checkpoint must have been made for. out: the output's path; the checkpoint lies beside it
// and is removed by remove_checkpoint once the output is written.
TrainingOutcome run_training(const Graph& teacher, const ImageSource& source,
                             const PostTrainingOptions& start, const TrainingOptions& options, uint64_t seed,
                             const std::string& identity, const std::string& out, ThreadPool& pool,
                             Progress& progress);
void remove_checkpoint(const TrainingOptions& options, const std::string& out);

}  // namespace quantface
