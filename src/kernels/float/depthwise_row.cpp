#include "kernels/float/depthwise_row.h"

#include <algorithm>
#include <cstdint>

namespace quantface {

namespace {

// Sizes known while compiling: the whole window is one expression, and outputs are vectors.
template <int kSize, int kStride>
void convolve_square(const float* const* rows, const float* weight, float bias, float* __restrict out,
                     int count) {
    // Copies: what the loop stores could otherwise change them.
    const float* row[kSize];
    float tap[kSize * kSize];
    std::copy_n(rows, kSize, row);
    std::copy_n(weight, kSize * kSize, tap);
    for (int i = 0; i < count; ++i) {
        float sum = bias;
#pragma GCC unroll 8
        for (int ky = 0; ky < kSize; ++ky) {
#pragma GCC unroll 8
            for (int kx = 0; kx < kSize; ++kx) sum += tap[ky * kSize + kx] * row[ky][i * kStride + kx];
        }
        out[i] = sum;
    }
}

void convolve_any(const FloatRowWindow& window, const float* const* rows, const float* weight, float bias,
                  float* __restrict out, int count) {
    std::fill_n(out, count, bias);
    for (int ky = 0; ky < window.kernel_height; ++ky) {
        for (int kx = 0; kx < window.kernel_width; ++kx) {
            const float tap = *weight++;
            const float* row = rows[ky] + static_cast<int64_t>(kx) * window.dilation;
            if (window.stride == 1) {
                for (int i = 0; i < count; ++i) out[i] += tap * row[i];
            } else {
                for (int i = 0; i < count; ++i) out[i] += tap * row[static_cast<int64_t>(i) * window.stride];
            }
        }
    }
}

}  // namespace

void convolve_float_row(const FloatRowWindow& window, const float* const* rows, const float* weight,
                        float bias, float* out, int count) {
    if (window.kernel_height == window.kernel_width && window.dilation == 1) {
        if (window.kernel_width == 3 && window.stride == 1) {
            return convolve_square<3, 1>(rows, weight, bias, out, count);
        }
        if (window.kernel_width == 3 && window.stride == 2) {
            return convolve_square<3, 2>(rows, weight, bias, out, count);
        }
        if (window.kernel_width == 5 && window.stride == 1) {
            return convolve_square<5, 1>(rows, weight, bias, out, count);
        }
    }
    convolve_any(window, rows, weight, bias, out, count);
}

}  // namespace quantface
