// Bits where they are needed: each layer's weights get 2 to 8 bits so that the whole fits a size and loses
// least.
//
// Measured is, for each layer and width, what the embeddings lose when that layer's weights alone are
// rounded; the losses are taken to add up. The choice is greedy along each layer's lower convex hull of loss
// over bytes, the greatest saving of loss for a byte first.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "numerics/quantization.h"
#include "quantize/preparation.h"

namespace quantface {

struct LayerSensitivity {
    int node = -1;
    uint64_t weights = 0;
    std::array<double, kMaxBits + 1> loss{};  // 1 - mean cosine, by bits (2..8)
};

// For every convolution of the plan but those in `fixed` (node indices). Widths of 2, 3 and 4 bits are
// measured, wider ones follow from the last by a factor of 4 for each bit, as the power of rounding noise
// does.
std::vector<LayerSensitivity> measure_sensitivity(const Preparation& prepared,
                                                  const PostTrainingOptions& options,
                                                  const std::vector<int>& fixed, ThreadPool& pool,
                                                  Progress& progress);

// Bits for each of the layers, in their order, that together take at most `budget` bytes packed; empty where
// 2 bits everywhere take more.
std::vector<int> choose_bits(const std::vector<LayerSensitivity>& layers, uint64_t budget);

// Sets prepared.bits.weight_bits for options.target_bytes (of the whole file) or options.target_bits (a mean
// over the weights). Layers that options.ends_bits names keep theirs. Throws Error(kUsage) where the target
// cannot be met.
void allocate_bits(const PostTrainingOptions& options, ThreadPool& pool, Progress& progress,
                   Preparation& prepared);

}  // namespace quantface
