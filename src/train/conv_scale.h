// What turns a convolution's accumulators into numbers, to the bit as integer_lowering.h's result has it, and
// with gradients.
#pragma once

#include <ATen/core/Tensor.h>

namespace quantface {

// One entry for each output channel, float32.
struct ConvScale {
    at::Tensor multiplier, bias;  // gradients go here
    at::Tensor whole, part;       // the bias as the engine adds it (training_kernels.h); no gradients
};

// What goes in. Everything on the CPU or all on one device.
struct ConvScaleInputs {
    at::Tensor start_scale, log_scale;  // (C): the weights' scale is start_scale * exp(log_scale)
    at::Tensor start_bias, bias_unit,
        offset;                   // (C): the bias is start_bias + offset * bias_unit, in real units
    at::Tensor input_step;        // one number: real units of an input level; undefined: pixels
    double unit = 1;              // real units of an output level
    at::Tensor levels;            // (C, inputs, height, width): the weights' levels
    at::Tensor mean, whole_mean;  // of pixels, (3): what the network subtracts, and what was subtracted
};

ConvScale conv_scale(const ConvScaleInputs& inputs);

}  // namespace quantface
