#include "kernels/pool/pool.h"

#include <algorithm>

namespace quantface {

namespace {

// Calls body(levels) for each input pixel under the window of an output pixel that is within the image; gives
// how many there were.
template <typename Body>
int64_t for_each_pixel(const ConvGeometry& geometry, const uint8_t* input, int64_t pixel, Body body) {
    const int64_t top = pixel / geometry.out_width * geometry.stride_y - geometry.padding_top;
    const int64_t left = pixel % geometry.out_width * geometry.stride_x - geometry.padding_left;
    int64_t count = 0;
    for (int ky = 0; ky < geometry.kernel_height; ++ky) {
        for (int kx = 0; kx < geometry.kernel_width; ++kx) {
            const uint8_t* levels = input_pixel(geometry, input, top + int64_t{ky} * geometry.dilation_y,
                                                left + int64_t{kx} * geometry.dilation_x);
            if (!levels) continue;
            body(levels);
            ++count;
        }
    }
    return count;
}

}  // namespace

void max_pool(const ConvGeometry& geometry, const uint8_t* input, uint8_t* output) {
    const int channels = geometry.in_channels;
    for (int64_t pixel = 0; pixel < geometry.out_pixels(); ++pixel) {
        uint8_t* to = output + pixel * channels;
        std::fill(to, to + channels, uint8_t{0});
        for_each_pixel(geometry, input, pixel, [to, channels](const uint8_t* levels) {
            for (int channel = 0; channel < channels; ++channel) {
                to[channel] = std::max(to[channel], levels[channel]);
            }
        });
    }
}

void average_pool(const ConvGeometry& geometry, const uint8_t* input, int32_t zero_point, float multiplier,
                  bool count_include_padding, int64_t pixel, int32_t* sums, float* numbers) {
    const int channels = geometry.in_channels;
    std::fill(sums, sums + channels, 0);
    const int64_t inside = for_each_pixel(geometry, input, pixel, [=](const uint8_t* levels) {
        for (int channel = 0; channel < channels; ++channel) sums[channel] += levels[channel] - zero_point;
    });
    const auto count = static_cast<float>(count_include_padding ? geometry.taps() : inside);
    for (int channel = 0; channel < channels; ++channel) {
        numbers[channel] = static_cast<float>(sums[channel]) * multiplier / count;
    }
}

}  // namespace quantface
