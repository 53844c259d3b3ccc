// Depthwise convolution's loops; see training_kernels.h. Included by the file of each instruction set.
#pragma once

#include <algorithm>
#include <vector>

#include "train/kernels/lanes.h"

namespace quantface {
namespace {

// Filters up to this many taps keep their weights (or their weights' gradients) in registers.
constexpr int kRegisterTaps = 9;

// The taps [first, last) that lie within [0, size) from `start` on.
struct TapRange {
    int first, last;
};
inline TapRange taps_within(int start, int taps, int size) {
    return {std::max(0, -start), std::min(taps, size - start)};
}

template <typename T, bool kWhole>
QF_INLINE void depthwise_forward_row(const DepthwiseShape& shape, const T* image, const float* weight,
                                     T* output, int out_y, int channel, int count) {
    const int padded = padded_channels(shape.channels), taps = shape.kernel_height * shape.kernel_width;
    const int start_y = out_y * shape.stride_y - shape.pad_top;
    const TapRange ys = taps_within(start_y, shape.kernel_height, shape.height);
    const bool in_registers = shape.kernel_height == 3 && shape.kernel_width == 3;
    Lanes taps_of_filter[kRegisterTaps];
    for (int tap = 0; tap < (in_registers ? taps : 0); ++tap) {
        taps_of_filter[tap] = load(weight + tap * padded + channel);
    }
    for (int out_x = 0; out_x < shape.out_width; ++out_x) {
        const int start_x = out_x * shape.stride_x - shape.pad_left;
        const TapRange xs = taps_within(start_x, shape.kernel_width, shape.width);
        const auto pixel = [&](int ky, int kx) QF_INLINE_LAMBDA {
            const int64_t at = int64_t{start_y + ky} * shape.width + start_x + kx;
            return load_lanes<kWhole>(image + at * shape.channels + channel, count);
        };
        Lanes sum{};
        if (in_registers && ys.first == 0 && ys.last == 3 && xs.first == 0 && xs.last == 3) {
#pragma GCC unroll 9
            for (int tap = 0; tap < 9; ++tap) sum += pixel(tap / 3, tap % 3) * taps_of_filter[tap];
        } else {
            for (int ky = ys.first; ky < ys.last; ++ky) {
                for (int kx = xs.first; kx < xs.last; ++kx) {
                    sum += pixel(ky, kx) * load(weight + (ky * shape.kernel_width + kx) * padded + channel);
                }
            }
        }
        store_lanes<kWhole>(output + int64_t{out_x} * shape.channels + channel, sum, count);
    }
}

template <typename T>
void depthwise_forward(const DepthwiseShape& shape, const T* input, const float* weight, T* output,
                       int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
        const T* image = input + row / shape.out_height * shape.height * shape.width * shape.channels;
        T* out = output + row * shape.out_width * shape.channels;
        const int out_y = static_cast<int>(row % shape.out_height);
        int channel = 0;
        for (; channel + kLanes <= shape.channels; channel += kLanes) {
            depthwise_forward_row<T, true>(shape, image, weight, out, out_y, channel, kLanes);
        }
        if (channel < shape.channels) {
            depthwise_forward_row<T, false>(shape, image, weight, out, out_y, channel,
                                            shape.channels - channel);
        }
    }
}

// An output that reads the input pixel in hand, and through which tap.
struct Reader {
    int64_t output;  // of the gradient's pixels in the image
    int tap;
};

inline void collect_readers(const DepthwiseShape& shape, int in_y, int in_x, std::vector<Reader>& readers) {
    readers.clear();
    for (int ky = 0; ky < shape.kernel_height; ++ky) {
        const int from_y = in_y + shape.pad_top - ky;
        if (from_y < 0 || from_y % shape.stride_y != 0 || from_y / shape.stride_y >= shape.out_height)
            continue;
        const int64_t out_row = int64_t{from_y / shape.stride_y} * shape.out_width;
        for (int kx = 0; kx < shape.kernel_width; ++kx) {
            const int from_x = in_x + shape.pad_left - kx;
            if (from_x < 0 || from_x % shape.stride_x != 0 || from_x / shape.stride_x >= shape.out_width)
                continue;
            readers.push_back({out_row + from_x / shape.stride_x, ky * shape.kernel_width + kx});
        }
    }
}

template <typename T, bool kWhole>
QF_INLINE void depthwise_gather(const DepthwiseShape& shape, const std::vector<Reader>& readers,
                                const T* gradient, const float* weight, T* gradient_pixel, int channel,
                                int count) {
    Lanes sum{};
    for (const Reader& reader : readers) {
        sum += load_lanes<kWhole>(gradient + reader.output * shape.channels + channel, count) *
               load(weight + reader.tap * padded_channels(shape.channels) + channel);
    }
    store_lanes<kWhole>(gradient_pixel + channel, sum, count);
}

// Gathers: an input pixel's gradient is the sum over the outputs that read it.
template <typename T>
void depthwise_backward_input(const DepthwiseShape& shape, const T* gradient, const float* weight,
                              T* gradient_input, int64_t first, int64_t last) {
    std::vector<Reader> readers;
    for (int64_t row = first; row < last; ++row) {
        const T* image = gradient + row / shape.height * shape.out_height * shape.out_width * shape.channels;
        for (int in_x = 0; in_x < shape.width; ++in_x) {
            T* pixel = gradient_input + (row * shape.width + in_x) * shape.channels;
            collect_readers(shape, static_cast<int>(row % shape.height), in_x, readers);
            int channel = 0;
            for (; channel + kLanes <= shape.channels; channel += kLanes) {
                depthwise_gather<T, true>(shape, readers, image, weight, pixel, channel, kLanes);
            }
            if (channel < shape.channels) {
                depthwise_gather<T, false>(shape, readers, image, weight, pixel, channel,
                                           shape.channels - channel);
            }
        }
    }
}

template <typename T, bool kWhole>
QF_INLINE void depthwise_backward_weight_row(const DepthwiseShape& shape, const T* image, const T* gradient,
                                             float* gradient_weight, int out_y, int channel, int count) {
    const int padded = padded_channels(shape.channels);
    const int start_y = out_y * shape.stride_y - shape.pad_top;
    const TapRange ys = taps_within(start_y, shape.kernel_height, shape.height);
    const auto pixel = [&](int ky, int x) QF_INLINE_LAMBDA {
        const int64_t at = int64_t{start_y + ky} * shape.width + x;
        return load_lanes<kWhole>(image + at * shape.channels + channel, count);
    };
    for (int ky = ys.first; ky < ys.last; ++ky) {
        if (shape.kernel_width == 3) {
            Lanes sums[3] = {};
            for (int out_x = 0; out_x < shape.out_width; ++out_x) {
                const int start_x = out_x * shape.stride_x - shape.pad_left;
                const TapRange xs = taps_within(start_x, 3, shape.width);
                const Lanes g =
                    load_lanes<kWhole>(gradient + int64_t{out_x} * shape.channels + channel, count);
                if (xs.first == 0 && xs.last == 3) {
#pragma GCC unroll 3
                    for (int kx = 0; kx < 3; ++kx) sums[kx] += g * pixel(ky, start_x + kx);
                } else {
                    for (int kx = xs.first; kx < xs.last; ++kx) sums[kx] += g * pixel(ky, start_x + kx);
                }
            }
            for (int kx = 0; kx < 3; ++kx) {
                float* to = gradient_weight + (ky * 3 + kx) * padded + channel;
                store(to, load(to) + sums[kx]);
            }
            continue;
        }
        for (int out_x = 0; out_x < shape.out_width; ++out_x) {
            const int start_x = out_x * shape.stride_x - shape.pad_left;
            const TapRange xs = taps_within(start_x, shape.kernel_width, shape.width);
            const Lanes g = load_lanes<kWhole>(gradient + int64_t{out_x} * shape.channels + channel, count);
            for (int kx = xs.first; kx < xs.last; ++kx) {
                float* to = gradient_weight + (ky * shape.kernel_width + kx) * padded + channel;
                store(to, load(to) + g * pixel(ky, start_x + kx));
            }
        }
    }
}

template <typename T>
void depthwise_backward_weight(const DepthwiseShape& shape, const T* input, const T* gradient,
                               float* gradient_weight, int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
        const T* image = input + row / shape.out_height * shape.height * shape.width * shape.channels;
        const T* out = gradient + row * shape.out_width * shape.channels;
        const int out_y = static_cast<int>(row % shape.out_height);
        int channel = 0;
        for (; channel + kLanes <= shape.channels; channel += kLanes) {
            depthwise_backward_weight_row<T, true>(shape, image, out, gradient_weight, out_y, channel,
                                                   kLanes);
        }
        if (channel < shape.channels) {
            depthwise_backward_weight_row<T, false>(shape, image, out, gradient_weight, out_y, channel,
                                                    shape.channels - channel);
        }
    }
}

}  // namespace
}  // namespace quantface
