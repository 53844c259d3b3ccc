// One float operation each, on one image in NCHW.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace quantface {

// A prepared operation: inputs and output are whole values; scratch has at least `scratch_size` numbers.
struct FloatOperation {
    std::function<void(const std::vector<std::span<const float>>& inputs, std::span<float> output,
                       std::span<float> scratch)>
        run;
    size_t scratch_size = 0;
};

FloatOperation prepare_float_operation(const Node& node, const std::vector<Shape>& inputs,
                                       const Shape& output);

// Convolutions are large enough for a file of their own.
FloatOperation prepare_float_convolution(const ConvOp& op, const Shape& input, const Shape& output);

}  // namespace quantface
