#include "train/tensor_operations.h"

#include <ATen/ATen.h>

#include "base/error.h"

namespace quantface {

at::Tensor by_channel(const at::Tensor& vector) {
    return vector.reshape({1, -1, 1, 1});
}

at::Tensor by_output(const at::Tensor& vector) {
    return vector.reshape({-1, 1, 1, 1});
}

at::Tensor padded(const at::Tensor& input, const Padding& p, double number) {
    return p.any() ? at::constant_pad_nd(input, {p.left, p.right, p.top, p.bottom}, number) : input;
}

at::Tensor convolution(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                       const Window& window, int64_t groups) {
    const Padding& p = window.padding;
    const bool even = p.top == p.bottom && p.left == p.right;
    const int64_t pad_y = even ? p.top : 0, pad_x = even ? p.left : 0;
    return at::conv2d(even ? input : padded(input, p, 0), weight, bias, {window.stride_y, window.stride_x},
                      {pad_y, pad_x}, {window.dilation_y, window.dilation_x}, groups);
}

at::Tensor max_pool(const at::Tensor& input, const Window& w) {
    constexpr double kLeast = -1e30;  // also in bfloat16
    return at::max_pool2d(padded(input, w.padding, kLeast), {w.kernel_height, w.kernel_width},
                          {w.stride_y, w.stride_x}, 0, {w.dilation_y, w.dilation_x});
}

at::Tensor average_pool(const at::Tensor& input, const AveragePoolOp& op, const at::Tensor& multiplier) {
    const Window& w = op.window;
    const auto sum = [&](const at::Tensor& tensor) {
        return at::avg_pool2d(padded(tensor, w.padding, 0), {w.kernel_height, w.kernel_width},
                              {w.stride_y, w.stride_x}, 0, false, true, 1);
    };
    const double whole_window = static_cast<double>(w.kernel_height) * w.kernel_width;
    if (op.count_include_padding || !w.padding.any()) return sum(input) * multiplier / whole_window;
    return sum(input) * multiplier / sum(at::ones({1, 1, input.size(2), input.size(3)}, input.options()));
}

at::Tensor nonlinear_function(const Op& op, const at::Tensor& x) {
    if (std::holds_alternative<SigmoidOp>(op)) return at::sigmoid(x);
    if (const auto* hard = std::get_if<HardSigmoidOp>(&op)) {
        return at::clamp(x * static_cast<double>(hard->alpha) + static_cast<double>(hard->beta), 0, 1);
    }
    QF_CHECK(std::holds_alternative<HardSwishOp>(op));
    return x * at::clamp(x / 6 + 0.5, 0, 1);
}

at::Tensor leaky(const at::Tensor& x, const at::Tensor& slope) {
    return at::clamp_min(x, 0) + at::clamp_max(x, 0) * by_channel(slope);
}

}  // namespace quantface
