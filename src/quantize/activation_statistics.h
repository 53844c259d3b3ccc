// What every value of a float network is on a set of images, in memory that does not grow with the set.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "faces/image_source.h"
#include "graph/graph.h"
#include "quantize/activation_histogram.h"
#include "quantize/observer.h"

namespace quantface {

// Ranges of one value on another set of images.
struct ActivationBounds {
    Range extremes;   // smallest and largest number
    Range quantiles;  // 0.1 % and 99.9 %
    Range levels;     // what a quantizer's levels would cover: the extremes, widened to hold zero
};

// How many numbers lie within such bounds, ends included.
struct BoundsCounts {
    int64_t in_extremes = 0, in_quantiles = 0, in_levels = 0;
    double clipped_squares = 0;  // sum of (x - x clamped to the levels' range)^2
};

struct ValueStatistics {
    int64_t count = 0;       // finite numbers
    int64_t not_finite = 0;  // the others; they count nowhere else
    float minimum = 0, maximum = 0;
    std::vector<double> sums, squares;  // by channel, of the numbers and of their squares
    int64_t numbers_per_channel = 0;
    ActivationHistogram histogram;
    BoundsCounts bounds;  // zeros where no bounds were given

    double mean(size_t channel) const;
    double standard_deviation(size_t channel) const;  // population
};

struct ActivationStatistics {
    int64_t images = 0;
    std::vector<ValueStatistics> values;  // by ValueId; empty for those that no node writes
    std::vector<float> embeddings;        // images x embedding size, not normalised

    // For each value, for measuring another set against this one.
    std::vector<ActivationBounds> bounds() const;
};

struct ActivationMeasurement {
    std::string label;                         // of the progress, with its unit
    std::span<const ActivationBounds> bounds;  // for each value, or empty
    // Sees each image that was read; called from the pool's threads.
    std::function<void(int64_t index, const Image& image)> on_image;
};

// Runs the source's first `count` images through the network; the source has so many. The result is the same
// on any number of threads. Throws what the source throws, Error(kBadInput) where an image is smaller than
// the network's input, Error(kFailed) "interrupted".
ActivationStatistics measure_activations(const Graph& graph, const ImageSource& source, int64_t count,
                                         const ActivationMeasurement& measurement, ThreadPool& pool,
                                         Progress& progress);

}  // namespace quantface
