// A convolution's numbers as ONNX has them: (out, in / groups, height, width), one scale for each output
// channel.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/integer_model.h"

namespace quantface {

// The weights stand for (level - zero_point[c]) * scale[c], where scale is in real units over the input's
// scale.
struct OnnxConvWeights {
    std::vector<int64_t> dims;
    std::vector<int8_t> level;
    std::vector<int8_t> zero_point;  // out channels
    std::vector<float> scale;        // out channels, > 0
    // In units of input scale * scale[c], where the input's levels `zero` count as 0.
    std::vector<double> bias;
    // What the convolution's result is multiplied with, and what is added then, in real units; empty:
    // nothing.
    std::vector<float> multiplier, part;

    float real_weight(size_t index) const;
};

// What is asked of the weights of one convolution.
struct OnnxWeightTask {
    const IntegerConv& op;
    double unit;                       // real numbers of one r
    double input_scale;                // real numbers of one input level
    const std::vector<int32_t>& zero;  // for each input channel: the level that counts as 0
};

// The integer model's own numbers: scales are powers of two, so that a float32 convolution adds whole
// numbers, exactly as long as they stay below 2^24, and multiplier and part do what they do in the engine.
// The bias is whole.
OnnxConvWeights exact_conv_weights(const OnnxWeightTask& task);

// The multiplier within the scale, no more than a convolution. The bias is whole but for fraction bits and
// for channels on a coarser grid. With `zero_at_0` asymmetric weights get zero points of 0: up to 7 bits that
// is exact, as they then fit int8 by themselves; at 8 bits a channel that reaches further gets a coarser grid
// (ONNX Runtime's QLinearConv takes no zero points that differ by channel).
OnnxConvWeights joined_conv_weights(const OnnxWeightTask& task, bool zero_at_0);

}  // namespace quantface
