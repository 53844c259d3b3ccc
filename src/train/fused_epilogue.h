// The epilogue of a quantized operation as one differentiable operation: multiplier, bias, activation,
// residual, scale and shift, fake quantization. One pass over memory forward, one backward.
#pragma once

#include <ATen/core/Tensor.h>

#include <limits>

namespace quantface {

// kernels/training_kernels.h has the formulas. Tensors of numbers are (N, C, H, W), float32 or bfloat16, all
// of one type; the result has that type and holds levels less the zero point. Everything else is float32;
// vectors have C entries. Undefined: none (multiplier and slope of 1, bias of 0, no residual, no scale and
// shift). All may require gradients.
struct EpilogueTensors {
    at::Tensor accumulator;
    at::Tensor multiplier, bias, slope;
    // What is added instead of the bias: (accumulator + whole) * multiplier + part, about the same.
    // Undefined: 0 and the bias. No gradients; the bias has them.
    at::Tensor whole, part;
    double clip_low = -std::numeric_limits<float>::max();
    double clip_high = std::numeric_limits<float>::max();
    bool activation_after_residual = false;
    at::Tensor residual;             // levels less their zero point
    at::Tensor residual_multiplier;  // one number
    at::Tensor scale, shift;
    at::Tensor step;        // one number > 0: real units of a level
    at::Tensor zero_point;  // one number, rounded and kept within the levels here
    int bits = 8;
};

// The epilogue without levels, float32, from libtorch's operations.
at::Tensor epilogue_numbers(const EpilogueTensors& tensors);

// On a CPU by the training kernels, in channels-last; elsewhere fused_epilogue_composed.
at::Tensor fused_epilogue(const EpilogueTensors& tensors);

// The same from libtorch's operations, on any device: what fused_epilogue is tested against.
at::Tensor fused_epilogue_composed(const EpilogueTensors& tensors);

}  // namespace quantface
