// The sizes of one convolution.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quantface {

// One image, NHWC. Padding past the bottom and the right follows from the output's size.
struct ConvGeometry {
    int in_height = 1, in_width = 1, in_channels = 1;
    int out_height = 1, out_width = 1, out_channels = 1;
    int kernel_height = 1, kernel_width = 1;
    int stride_y = 1, stride_x = 1;
    int dilation_y = 1, dilation_x = 1;
    int padding_top = 0, padding_left = 0;
    int groups = 1;

    int64_t out_pixels() const { return int64_t{out_height} * out_width; }
    int64_t taps() const { return int64_t{kernel_height} * kernel_width; }
    int group_in_channels() const { return in_channels / groups; }
    int group_out_channels() const { return out_channels / groups; }
    // Products in one sum.
    int64_t depth() const { return taps() * group_in_channels(); }
    bool is_depthwise() const { return groups == in_channels && groups == out_channels; }
    // Each output pixel reads just the input pixel of the same place.
    bool is_pointwise() const {
        return taps() == 1 && stride_y == 1 && stride_x == 1 && padding_top == 0 && padding_left == 0 &&
               out_height == in_height && out_width == in_width;
    }
};

// The input pixel under a tap, or null where that is padding.
inline const uint8_t* input_pixel(const ConvGeometry& geometry, const uint8_t* input, int64_t y, int64_t x) {
    const bool inside = y >= 0 && y < geometry.in_height && x >= 0 && x < geometry.in_width;
    return inside ? input + (y * geometry.in_width + x) * geometry.in_channels : nullptr;
}

}  // namespace quantface
