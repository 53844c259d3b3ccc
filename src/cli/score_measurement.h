// One set of faces through a network: what `quantface synth --score` knows of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "cli/model_loading.h"
#include "eval/cosine_histogram.h"
#include "eval/duplicates.h"
#include "eval/pair_scan.h"
#include "eval/spread.h"
#include "faces/image_source.h"
#include "quantize/activation_statistics.h"

namespace quantface {

struct ScoredSet {
    std::string name;  // the source's description
    int64_t images = 0;
    int64_t invalid_embeddings = 0;  // zero or not finite; they take no part
    std::vector<float> embeddings;   // of length 1, rows of zeros where invalid
    EmbeddingSpread spread;
    PairScan pairs;
    Distribution nearest_distances;  // 1 - cosine to the nearest other image
    std::optional<Separation> separation;
    std::optional<ActivationStatistics> activations;  // of a full-precision network, where asked for
    std::optional<std::vector<Duplicate>> duplicates;
};

struct SetMeasurement {
    std::string label;         // "set", "reference": for the progress
    bool activations = false;  // needs a full-precision network
    std::span<const ActivationBounds> bounds;
    std::optional<DuplicateLimits> duplicates;
};

// The source's first `count` images. Throws Error(kBadInput) where there are fewer than two, Error(kFailed)
// where fewer than two embeddings have a direction.
ScoredSet measure_set(const LoadedModel& model, const ImageSource& source, int64_t count,
                      const SetMeasurement& measurement, ThreadPool& pool, Progress& progress);

}  // namespace quantface
