// Depthwise convolution with gradients, much faster on a CPU in channels-last than the general convolution's.
#pragma once

#include <ATen/core/Tensor.h>

#include "graph/ops.h"

namespace quantface {

// True for a convolution with one filter a channel and no dilation.
bool is_plain_depthwise(const ConvOp& conv, int64_t in_channels);

// input: (N, C, H, W), float32 or bfloat16; weight: (C, 1, kernel height, kernel width) float32; no bias;
// padding with zeros. On a CPU by the training kernels, elsewhere by libtorch.
at::Tensor depthwise_convolution(const at::Tensor& input, const at::Tensor& weight, const Window& window);

}  // namespace quantface
