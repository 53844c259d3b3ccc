// Bits where they are needed: each layer's weights get 2 to 8 bits so that the whole fits a size and loses
// least.
//
// Loss is 1 - the mean cosine of the embeddings, weights rounded as the quantizer rounds them, activations in
// float32: on calibration images, or, where weights are compensated on those, on held-out images. The search
// begins with the greatest uniform width that fits. A round measures what the whole loses when one layer's
// width is one less or one more, takes the differences to add up, and chooses anew within those widths:
// greedily along each layer's lower convex hull of loss over bytes, the greatest saving of loss for a byte
// first. A choice counts only where the whole, measured, loses less; else only the layers that promise most
// may change, and then single layers in exchange for others. So the end is never worse than uniform bits, by
// this loss.
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
    int least_bits = kMinBits, greatest_bits = kMaxBits;  // to choose from
    std::array<double, kMaxBits + 1> loss{};              // by bits; entries outside the choice are ignored
};

// Bits for each of the layers, in their order, that together take at most `budget` bytes packed; empty where
// the least bits everywhere take more.
std::vector<int> choose_bits(const std::vector<LayerSensitivity>& layers, uint64_t budget);

// Sets prepared.bits.weight_bits for options.target_bytes (of the whole file) or options.target_bits (a mean
// over the weights). Layers that options.ends_bits names keep theirs. Throws Error(kUsage) where the target
// cannot be met.
void allocate_bits(const PostTrainingOptions& options, ThreadPool& pool, Progress& progress,
                   Preparation& prepared);

}  // namespace quantface
