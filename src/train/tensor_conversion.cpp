#include "train/tensor_conversion.h"

#include <ATen/ATen.h>

namespace quantface {

at::Tensor to_torch(const Tensor& tensor) {
    return at::tensor(tensor.data, at::kFloat).reshape(tensor.dims);
}

at::Tensor to_torch(const std::vector<float>& numbers) {
    return at::tensor(numbers, at::kFloat);
}

std::vector<float> to_vector(const at::Tensor& tensor) {
    const at::Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
    const float* data = plain.data_ptr<float>();
    return {data, data + plain.numel()};
}

}  // namespace quantface
