// Between the project's constant tensors and libtorch's.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graph/tensor.h"

namespace quantface {

// Copies; float32 on the CPU, contiguous.
at::Tensor to_torch(const Tensor& tensor);
at::Tensor to_torch(const std::vector<float>& numbers);
std::vector<float> to_vector(const at::Tensor& tensor);

}  // namespace quantface
