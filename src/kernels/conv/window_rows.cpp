#include "kernels/conv/window_rows.h"

#include <cstring>

namespace quantface {

void gather_window_row(const ConvGeometry& geometry, const uint8_t* input, const uint8_t* padding_level,
                       int64_t pixel, int group, uint8_t* row) {
    const size_t channels = static_cast<size_t>(geometry.group_in_channels());
    const ptrdiff_t first_channel = static_cast<ptrdiff_t>(group) * geometry.group_in_channels();
    const int64_t top = pixel / geometry.out_width * geometry.stride_y - geometry.padding_top;
    const int64_t left = pixel % geometry.out_width * geometry.stride_x - geometry.padding_left;
    // Neighbouring taps of all channels lie one behind the other in memory: one copy for a whole kernel row.
    const bool whole_rows = geometry.groups == 1 &&
                            (geometry.dilation_x == 1 || geometry.kernel_width == 1) && left >= 0 &&
                            left + geometry.kernel_width <= geometry.in_width;
    for (int ky = 0; ky < geometry.kernel_height; ++ky) {
        const int64_t y = top + int64_t{ky} * geometry.dilation_y;
        if (whole_rows && y >= 0 && y < geometry.in_height) {
            const size_t bytes = channels * static_cast<size_t>(geometry.kernel_width);
            memcpy(row, input_pixel(geometry, input, y, left), bytes);
            row += bytes;
            continue;
        }
        for (int kx = 0; kx < geometry.kernel_width; ++kx) {
            const uint8_t* levels = input_pixel(geometry, input, y, left + int64_t{kx} * geometry.dilation_x);
            memcpy(row, (levels ? levels : padding_level) + first_channel, channels);
            row += channels;
        }
    }
}

}  // namespace quantface
