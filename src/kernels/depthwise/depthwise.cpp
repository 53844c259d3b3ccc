#include "kernels/depthwise/depthwise.h"

#include <algorithm>

namespace quantface {

namespace {

// Pixels whose sums are made before their epilogue runs: enough that its call costs nothing, few enough that
// the sums stay in the first-level cache.
constexpr int64_t kSumsTogether = 4096;

constexpr int64_t round_up(int64_t number, int64_t unit) {
    return (number + unit - 1) / unit * unit;
}

int64_t pixels_together(const ConvGeometry& geometry, int64_t row_stride) {
    return std::clamp<int64_t>(kSumsTogether / row_stride, 1, geometry.out_width);
}

int64_t padded_taps(const ConvGeometry& geometry, const DepthwiseKernel& kernel) {
    return round_up(geometry.taps(), kernel.tap_unit);
}

// Points taps[0 .. geometry.taps()) at the pixels under the window of output pixel (y, x).
void find_taps(const ConvArguments& arguments, int y, int x, const uint8_t** taps) {
    const ConvGeometry& geometry = *arguments.geometry;
    const int64_t top = int64_t{y} * geometry.stride_y - geometry.padding_top;
    const int64_t left = int64_t{x} * geometry.stride_x - geometry.padding_left;
    for (int ky = 0; ky < geometry.kernel_height; ++ky) {
        for (int kx = 0; kx < geometry.kernel_width; ++kx) {
            const uint8_t* levels =
                input_pixel(geometry, arguments.input, top + int64_t{ky} * geometry.dilation_y,
                            left + int64_t{kx} * geometry.dilation_x);
            *taps++ = levels ? levels : arguments.padding_level;
        }
    }
}

}  // namespace

size_t depthwise_scratch_bytes(const ConvGeometry& geometry, const DepthwiseKernel& kernel) {
    const int64_t row_stride = round_up(geometry.out_channels, kDepthwiseChannelUnit);
    return static_cast<size_t>(pixels_together(geometry, row_stride) * row_stride) * sizeof(int32_t) +
           static_cast<size_t>(padded_taps(geometry, kernel)) * sizeof(const uint8_t*) +
           static_cast<size_t>(geometry.in_channels);
}

void convolve_depthwise(const ConvArguments& arguments, const DepthwiseKernel& kernel) {
    const ConvGeometry& geometry = *arguments.geometry;
    const EpilogueKernel& epilogue = epilogue_kernels()[static_cast<size_t>(kernel.epilogue)];
    const int channels = geometry.out_channels;
    const int64_t row_stride = round_up(channels, kDepthwiseChannelUnit);
    const int64_t together = pixels_together(geometry, row_stride);
    auto* sums = reinterpret_cast<int32_t*>(arguments.scratch);
    auto** taps = reinterpret_cast<const uint8_t**>(sums + together * row_stride);
    const int64_t tap_count = padded_taps(geometry, kernel);
    auto* zeros = reinterpret_cast<uint8_t*>(taps + tap_count);
    std::fill(zeros, zeros + channels, uint8_t{0});
    std::fill(taps + geometry.taps(), taps + tap_count, zeros);
    for (int y = 0; y < geometry.out_height; ++y) {
        for (int64_t x = 0; x < geometry.out_width; x += together) {
            const int64_t count = std::min(together, geometry.out_width - x);
            for (int64_t index = 0; index < count; ++index) {
                find_taps(arguments, y, static_cast<int>(x + index), taps);
                kernel.accumulate(taps, tap_count, arguments.weight, arguments.weight_offset, channels,
                                  sums + index * row_stride);
            }
            epilogue.from_accumulators(
                *arguments.epilogue, arguments.data,
                {int64_t{y} * geometry.out_width + x, static_cast<int>(count), 0, channels, row_stride},
                sums);
        }
    }
}

}  // namespace quantface
