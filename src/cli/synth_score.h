// quantface synth --score: how good a set of faces is, measured with the network that it shall serve.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "cli/input_options.h"
#include "cli/json_output.h"
#include "cli/score_measurement.h"
#include "eval/disclosure.h"
#include "quantize/activation_coverage.h"

namespace CLI {
class App;
}

namespace quantface {

struct ScoreOptions {
    std::string model;                    // empty: no score asked for
    std::string data = "render";          // of `synth`, as are
    std::string reference, training_set;  // sources, or empty
    DuplicateLimits duplicates;
    DisclosureOptions disclosure;
    InputOptions input;  // and
    JsonOptions json;
    // Options of `synth` that count here too.
    int64_t count = 1000;  // images of the set and of the reference at most; of an endless training set
    uint64_t seed = 1;     // of rendered faces and noise without one of their own
    int threads = 0;
};

// --score and those that need it.
void add_score_options(CLI::App& command, ScoreOptions& options);

struct Score {
    std::string model;
    int embedding_size = 0;
    bool drawn_by_program = false;  // rendered faces or noise: there is no source person
    DuplicateLimits duplicate_limits;
    ScoredSet set;
    std::optional<ScoredSet> reference;
    std::vector<LayerCoverage> layers;                                  // with a reference
    std::vector<BatchNormDistance> batch_norms, reference_batch_norms;  // where the network has some
    std::optional<Disclosure> disclosure;                               // with a training set
    std::string training_set;                                           // its description
    int64_t training_images = 0;
};

// Throws Error(kUsage), Error(kBadInput) as open_data_source and load_model do, Error(kFailed) "interrupted".
void run_score(const ScoreOptions& options, Progress& progress);

}  // namespace quantface
