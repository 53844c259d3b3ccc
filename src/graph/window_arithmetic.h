// Sizes of sliding windows (convolution, pooling).
#pragma once

#include "graph/ops.h"

namespace quantface {

// Pixels that a dilated kernel spans.
constexpr int window_extent(int kernel, int dilation) {
    return (kernel - 1) * dilation + 1;
}

// Every number is in a range in which the arithmetic below cannot overflow.
constexpr bool is_sane(const Window& window) {
    constexpr int kMax = 1 << 12;
    const Padding& pad = window.padding;
    const auto positive = [](int number) { return number >= 1 && number <= kMax; };
    const auto not_negative = [](int number) { return number >= 0 && number <= kMax; };
    return positive(window.kernel_height) && positive(window.kernel_width) && positive(window.stride_y) &&
           positive(window.stride_x) && positive(window.dilation_y) && positive(window.dilation_x) &&
           not_negative(pad.top) && not_negative(pad.left) && not_negative(pad.bottom) &&
           not_negative(pad.right);
}

// Output extent; 0 or less where the window is larger than the padded input.
constexpr int window_output_size(int input, int kernel, int stride, int dilation, int pad_before,
                                 int pad_after) {
    const int room = input + pad_before + pad_after - window_extent(kernel, dilation);
    return room < 0 ? 0 : room / stride + 1;
}
constexpr int window_output_height(const Window& window, int input_height) {
    return window_output_size(input_height, window.kernel_height, window.stride_y, window.dilation_y,
                              window.padding.top, window.padding.bottom);
}
constexpr int window_output_width(const Window& window, int input_width) {
    return window_output_size(input_width, window.kernel_width, window.stride_x, window.dilation_x,
                              window.padding.left, window.padding.right);
}

}  // namespace quantface
