// What the program and the training library that it loads agree on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "cli/quantize_training.h"
#include "cli/version.h"
#include "faces/image_source.h"
#include "graph/graph.h"
#include "quantize/post_training.h"

namespace quantface {

struct TrainingRequest {
    const Graph& teacher;
    const ImageSource& source;
    PostTrainingOptions start;  // bits, and the calibration to begin with
    TrainingOptions options;
    uint64_t seed = 1;
    std::string identity;              // what a checkpoint must have been made for
    std::filesystem::path checkpoint;  // empty: none
};

struct GeneratorRequest {
    std::filesystem::path file;
    std::vector<std::string> options;  // "name=value" (train/generator_options.h)
    uint64_t default_seed = 1;
    int side = 112;  // of the images, pixels
};

// Teacher-guided faces (train/guided_faces.h).
struct GuidedRequest {
    const Graph& teacher;
    const ImageSource& source;
    std::string teacher_sha256;
    int64_t count = 0;  // images
    int64_t views = 2;  // of each identity, one after the other in the source
    uint64_t seed = 1;
    int64_t steps = 0;                  // 0: the recipe's
    std::vector<std::string> set = {};  // "name=number"
    std::string device = "auto";        // or "cpu", "cuda"
};

struct GuidedOutcome {
    int64_t made = 0, kept = 0;  // images
    std::string summary;         // one line on what changed; empty where nothing was made
};

// The library exports one of these as quantface_training_module.
struct TrainingModule {
    const char* version;  // both sides are compiled from the same source, or they do not go together
    TrainingOutcome (*train)(const TrainingRequest&, ThreadPool&, Progress&);
    std::unique_ptr<ImageSource> (*open_generator)(const GeneratorRequest&);
    // Into a folder as `synth` writes it.
    GuidedOutcome (*guide)(const GuidedRequest&, const std::filesystem::path& folder, ThreadPool&, Progress&);
    // What the images depend on but for the count, as one line.
    std::string (*guided_settings)(const GuidedRequest&);
};

inline constexpr const char* kTrainingModuleVersion = QUANTFACE_VERSION;
inline constexpr const char* kTrainingModuleSymbol = "quantface_training_module";

}  // namespace quantface
