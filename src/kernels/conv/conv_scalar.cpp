// The specification of the convolution.
#include "kernels/conv/conv.h"

namespace quantface {

void convolve_reference(const ConvArguments& arguments, const ConvPart& part) {
    const ConvGeometry& geometry = *arguments.geometry;
    const int in_channels = geometry.group_in_channels();
    for (int64_t pixel = part.first_pixel; pixel < part.end_pixel; ++pixel) {
        const int64_t top = pixel / geometry.out_width * geometry.stride_y - geometry.padding_top;
        const int64_t left = pixel % geometry.out_width * geometry.stride_x - geometry.padding_left;
        for (int out = part.first_channel; out < part.end_channel; ++out) {
            const int first_in = out / geometry.group_out_channels() * in_channels;
            const int8_t* weight = arguments.weight + out * geometry.depth();
            const int32_t offset = arguments.weight_offset ? arguments.weight_offset[out] : 0;
            int32_t sum = 0;
            for (int ky = 0; ky < geometry.kernel_height; ++ky) {
                for (int kx = 0; kx < geometry.kernel_width; ++kx) {
                    const uint8_t* levels =
                        input_pixel(geometry, arguments.input, top + int64_t{ky} * geometry.dilation_y,
                                    left + int64_t{kx} * geometry.dilation_x);
                    if (!levels) levels = arguments.padding_level;
                    for (int in = 0; in < in_channels; ++in)
                        sum += (*weight++ + offset) * levels[first_in + in];
                }
            }
            epilogue_from_accumulators_scalar(*arguments.epilogue, arguments.data, {pixel, 1, out, 1, 1},
                                              &sum);
        }
    }
}

}  // namespace quantface
