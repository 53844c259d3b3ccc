#include "kernels/depthwise/depthwise.h"

#include <algorithm>

namespace quantface {

namespace {

// Output pixels of one call: enough that it costs nothing.
constexpr int64_t kMostPixels = 64;

int64_t pixels_together(const ConvGeometry& geometry) {
    return std::min<int64_t>(kMostPixels, geometry.out_width);
}

// Columns of the image under so many output pixels.
int64_t columns_under(const ConvGeometry& geometry, int64_t pixels) {
    return (pixels - 1) * geometry.stride_x + int64_t{geometry.kernel_width - 1} * geometry.dilation_x + 1;
}

bool two_lines_suit(const ConvGeometry& geometry) {
    return geometry.kernel_height == 3 && geometry.kernel_width == 3 && geometry.stride_y == 1 &&
           geometry.stride_x == 1 && geometry.dilation_y == 1 && geometry.dilation_x == 1;
}

// Points at the pixels under `pixels` output pixels of line y from x on, column by column, `lines` a column.
void find_columns(const ConvArguments& arguments, int64_t y, int64_t x, int64_t pixels, int lines,
                  const uint8_t** columns) {
    const ConvGeometry& geometry = *arguments.geometry;
    const int64_t top = y * geometry.stride_y - geometry.padding_top;
    const int64_t left = x * geometry.stride_x - geometry.padding_left;
    const int64_t count = columns_under(geometry, pixels);
    for (int ky = 0; ky < lines; ++ky) {
        const int64_t in_y = top + int64_t{ky} * geometry.dilation_y;
        const bool inside = in_y >= 0 && in_y < geometry.in_height;
        const int64_t begin = inside ? std::clamp<int64_t>(-left, 0, count) : count;
        const int64_t end = inside ? std::clamp<int64_t>(geometry.in_width - left, begin, count) : count;
        const uint8_t** to = columns + ky;
        for (int64_t c = 0; c < begin; ++c, to += lines) *to = arguments.padding_level;
        const uint8_t* at =
            arguments.input + (in_y * geometry.in_width + left + begin) * geometry.in_channels;
        for (int64_t c = begin; c < end; ++c, to += lines, at += geometry.in_channels) *to = at;
        for (int64_t c = end; c < count; ++c, to += lines) *to = arguments.padding_level;
    }
}

}  // namespace

size_t depthwise_scratch_bytes(const ConvGeometry& geometry) {
    return static_cast<size_t>(columns_under(geometry, pixels_together(geometry)) *
                               (geometry.kernel_height + 1)) *
           sizeof(const uint8_t*);
}

void run_depthwise(const DepthwiseKernel& kernel, const ConvArguments& arguments, const ConvPart& part) {
    const ConvGeometry& geometry = *arguments.geometry;
    const int64_t together = pixels_together(geometry);
    auto** columns = reinterpret_cast<const uint8_t**>(arguments.scratch);
    DepthwiseTask task;
    task.columns = columns;
    task.kernel_height = geometry.kernel_height;
    task.kernel_width = geometry.kernel_width;
    task.stride_x = geometry.stride_x;
    task.dilation_x = geometry.dilation_x;
    task.first_channel = part.first_channel;
    task.end_channel = part.end_channel;
    task.channels = geometry.out_channels;
    task.weights = reinterpret_cast<const std::byte*>(arguments.weight);
    task.weight_offset = arguments.weight_offset;
    task.epilogue = arguments.epilogue;
    task.data = &arguments.data;
    task.second_line = geometry.out_width;
    const bool pairs = kernel.takes_two_lines && !arguments.weight_offset && two_lines_suit(geometry);
    for (int64_t pixel = part.first_pixel; pixel < part.end_pixel;) {
        const int64_t y = pixel / geometry.out_width, x = pixel % geometry.out_width;
        // Of whole lines two at once.
        const bool pair = pairs && x == 0 && part.end_pixel - pixel >= 2 * int64_t{geometry.out_width};
        task.lines = pair ? 2 : 1;
        task.column_lines = geometry.kernel_height + task.lines - 1;
        const int64_t line_end = pixel - x + geometry.out_width;
        for (const int64_t end = std::min(line_end, part.end_pixel); pixel < end; pixel += task.pixels) {
            const int64_t count = std::min(together, end - pixel);
            find_columns(arguments, y, pixel - (line_end - geometry.out_width), count, task.column_lines,
                         columns);
            task.first_pixel = pixel;
            task.pixels = static_cast<int>(count);
            kernel.run(task);
        }
        if (pair) pixel += geometry.out_width;
    }
}

}  // namespace quantface
