// The graph's operations without weights on libtorch's tensors, (N, C, H, W), on any device and with
// gradients.
#pragma once

#include <ATen/core/Tensor.h>

#include "graph/ops.h"

namespace quantface {

// (C) as (1, C, 1, 1).
at::Tensor by_channel(const at::Tensor& vector);
// (C) as (C, 1, 1, 1): for weights by output channel.
at::Tensor by_output(const at::Tensor& vector);

// Padded at the four sides with one number; the input itself where there is no padding.
at::Tensor padded(const at::Tensor& input, const Padding& padding, double number);

// weight: (out, in / groups, height, width). bias: undefined for none. Padding is with zeros.
at::Tensor convolution(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                       const Window& window, int64_t groups);

// Padding never wins.
at::Tensor max_pool(const at::Tensor& input, const Window& window);

// The sum over each window times `multiplier`, then divided by the pixels in the window, of the padding or
// not.
at::Tensor average_pool(const at::Tensor& input, const AveragePoolOp& op, const at::Tensor& multiplier);

// Sigmoid, HardSigmoid and HardSwish.
at::Tensor nonlinear_function(const Op& op, const at::Tensor& x);

// max(x, 0) + min(x, 0) * slope, slope by channel.
at::Tensor leaky(const at::Tensor& x, const at::Tensor& slope);

}  // namespace quantface
