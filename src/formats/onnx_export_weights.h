// A convolution's numbers as ONNX has them: (out, in / groups, height, width), one scale for each output
// channel.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/integer_model.h"

namespace quantface {

// The weights stand for (level - zero_point[c]) * scale[c], scale in real units over the input's scale.
struct OnnxConvWeights {
    std::vector<int64_t> dims;
    std::vector<int8_t> level;
    std::vector<int8_t> zero_point;  // out channels
    std::vector<float> scale;        // out channels, > 0
    // The bias where an input level of `zero` counts as 0, in units of input scale * scale[c]. Whole but for
    // fraction bits and for channels on a coarser grid.
    std::vector<double> bias;

    float real_weight(size_t index) const {
        const size_t channel = index / (level.size() / scale.size());
        return static_cast<float>(level[index] - zero_point[channel]) * scale[channel];
    }
};

// unit: real numbers of one r; input_scale: of one input level. zero: for each input channel the level that
// counts as 0. With `zero_at_0` asymmetric weights get zero points of 0: up to 7 bits that is exact, as the
// weights then fit int8 by themselves; at 8 bits a channel that reaches further gets a coarser grid (ONNX
// Runtime's QLinearConv takes no zero points that differ by channel).
OnnxConvWeights onnx_conv_weights(const IntegerConv& op, double unit, double input_scale,
                                  const std::vector<int32_t>& zero, bool zero_at_0);

}  // namespace quantface
