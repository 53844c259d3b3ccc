// One output row of a depthwise convolution in single precision, for the float executor.
#pragma once

namespace quantface {

struct FloatRowWindow {
    int kernel_height = 1, kernel_width = 1;
    int stride = 1;    // numbers between the windows of neighbouring outputs
    int dilation = 1;  // numbers between neighbouring taps of a row
};

// out[i] = bias + sum over ky, kx of weight[ky * kernel_width + kx] * rows[ky][i * stride + kx * dilation],
// for i in [0, count). Every number so addressed must exist: columns at padding are the caller's business.
void convolve_float_row(const FloatRowWindow& window, const float* const* rows, const float* weight,
                        float bias, float* out, int count);

}  // namespace quantface
