#include <algorithm>
#include <memory>

#include "graph/window_arithmetic.h"
#include "kernels/float/depthwise_row.h"
#include "kernels/float/sgemm.h"
#include "runtime/float_operations.h"

namespace quantface {

namespace {

using Inputs = std::vector<std::span<const float>>;

// A range of output columns; empty where last < first.
struct Columns {
    int first = 0, last = -1;
};

// The output columns of which tap kx reads a column of the image and not padding.
Columns columns_within(const Window& window, int kx, int input_width, int output_width) {
    const int shift = kx * window.dilation_x - window.padding.left;
    const int room = input_width - 1 - shift;
    return {shift >= 0 ? 0 : (-shift + window.stride_x - 1) / window.stride_x,
            room < 0 ? -1 : std::min(output_width - 1, room / window.stride_x)};
}

// What a group of a convolution with full channels is made of.
struct Geometry {
    Window window;
    Shape input, output;
    int group_inputs = 0, group_outputs = 0;  // channels

    bool is_pointwise() const {
        return window.kernel_height == 1 && window.kernel_width == 1 && window.stride_y == 1 &&
               window.stride_x == 1 && !window.padding.any();
    }
};

// Neighbouring output pixels of one row.
struct RowSegment {
    int y = 0, x = 0, count = 0;
};

// What one tap reads for the outputs of a segment.
void gather_segment(const Geometry& geometry, const Columns& within, int kx, const float* row,
                    const RowSegment& segment, float* out) {
    const int first = std::clamp(within.first, segment.x, segment.x + segment.count);
    const int end = std::clamp(within.last + 1, first, segment.x + segment.count);
    const int stride = geometry.window.stride_x;
    const int shift = kx * geometry.window.dilation_x - geometry.window.padding.left;
    std::fill(out, out + (first - segment.x), 0.0f);
    if (stride == 1) {
        std::copy(row + (first + shift), row + (end + shift), out + (first - segment.x));
    } else {
        for (int x = first; x < end; ++x) out[x - segment.x] = row[static_cast<int64_t>(x) * stride + shift];
    }
    std::fill(out + (end - segment.x), out + segment.count, 0.0f);
}

// Row k of the panel is input tap k (channel, kernel row, kernel column) at output pixels [pixel, pixel +
// count). The whole matrix never exists: it would be many times the image.
void gather_panel(const Geometry& geometry, const float* image, int64_t pixel, int64_t count,
                  int panel_columns, float* panel) {
    const Window& window = geometry.window;
    const Shape& input = geometry.input;
    const auto width = geometry.output.width;
    for (int64_t end = pixel + count, column = 0; pixel < end;) {
        RowSegment segment{static_cast<int>(pixel / width), static_cast<int>(pixel % width), 0};
        segment.count = static_cast<int>(std::min<int64_t>(width - segment.x, end - pixel));
        for (int ky = 0; ky < window.kernel_height; ++ky) {
            const int y = segment.y * window.stride_y - window.padding.top + ky * window.dilation_y;
            const bool inside = y >= 0 && y < input.height;
            for (int kx = 0; kx < window.kernel_width; ++kx) {
                const Columns within = inside ? columns_within(window, kx, input.width, width) : Columns{};
                const int64_t taps = int64_t{window.kernel_height} * window.kernel_width;
                const float* row = image + static_cast<int64_t>(inside ? y : 0) * input.width;
                float* out = panel + (int64_t{ky} * window.kernel_width + kx) * panel_columns + column;
                for (int channel = 0; channel < geometry.group_inputs; ++channel) {
                    gather_segment(geometry, within, kx, row, segment, out);
                    row += input.plane();
                    out += taps * panel_columns;
                }
            }
        }
        pixel += segment.count;
        column += segment.count;
    }
}

// The matrix product of one group's weights with its gathered taps. scratch: a panel, then the product's own.
void convolve_group(const Geometry& geometry, const PackedLeftMatrix& weights, const float* image, float* out,
                    float* scratch) {
    const int64_t pixels = geometry.output.plane();
    float* panel = scratch;
    scratch += weights.panel_size();
    if (geometry.is_pointwise() && pixels == 1) {
        weights.multiply_column(image, out, scratch);
        return;
    }
    const int columns = weights.panel_columns();
    for (int64_t pixel = 0; pixel < pixels; pixel += columns) {
        const int64_t count = std::min<int64_t>(columns, pixels - pixel);
        if (geometry.is_pointwise()) {
            for (int64_t k = 0; k < weights.depth(); ++k) {
                std::copy_n(image + k * pixels + pixel, count, panel + k * columns);
            }
        } else {
            gather_panel(geometry, image, pixel, count, columns, panel);
        }
        weights.multiply_panel(panel, count, out + pixel, pixels, scratch);
    }
}

// One channel in, one channel out. rows: kernel_height pointers; zeros: as wide as the image.
void convolve_plane(const Geometry& geometry, const float* plane, const float* weight, float bias,
                    const float* zeros, std::vector<const float*>& rows, float* out) {
    const Window& window = geometry.window;
    const int width = geometry.output.width;
    // Between them every tap of a row lies within the image.
    const int first = std::min(columns_within(window, 0, geometry.input.width, width).first, width);
    const int end = std::max(
        columns_within(window, window.kernel_width - 1, geometry.input.width, width).last + 1, first);
    const FloatRowWindow row_window{window.kernel_height, window.kernel_width, window.stride_x,
                                    window.dilation_x};
    const auto at_border = [&](int x) {
        float sum = bias;
        for (int kx = 0; kx < window.kernel_width; ++kx) {
            const int column = x * window.stride_x - window.padding.left + kx * window.dilation_x;
            if (column < 0 || column >= geometry.input.width) continue;
            for (int ky = 0; ky < window.kernel_height; ++ky) {
                sum += weight[ky * window.kernel_width + kx] * rows[ky][column];
            }
        }
        return sum;
    };
    for (int oy = 0; oy < geometry.output.height; ++oy, out += width) {
        for (int ky = 0; ky < window.kernel_height; ++ky) {
            const int y = oy * window.stride_y - window.padding.top + ky * window.dilation_y;
            const bool inside = y >= 0 && y < geometry.input.height;
            rows[ky] = inside ? plane + static_cast<int64_t>(y) * geometry.input.width : zeros;
        }
        for (int x = 0; x < first; ++x) out[x] = at_border(x);
        for (int x = end; x < width; ++x) out[x] = at_border(x);
        if (end == first) continue;
        for (const float*& row : rows) row += first * window.stride_x - window.padding.left;
        convolve_float_row(row_window, rows.data(), weight, bias, out + first, end - first);
    }
}

FloatOperation prepare_depthwise(const ConvOp& op, const Geometry& geometry) {
    FloatOperation operation;
    operation.run = [op, geometry, zeros = std::vector<float>(geometry.input.width)](
                        const Inputs& inputs, std::span<float> out, std::span<float>) {
        const Shape &input = geometry.input, &output = geometry.output;
        const int64_t taps = int64_t{op.window.kernel_height} * op.window.kernel_width;
        std::vector<const float*> rows(op.window.kernel_height);
        for (int channel = 0; channel < output.channels; ++channel) {
            const int input_channel = channel / geometry.group_outputs;
            convolve_plane(geometry, inputs[0].data() + input_channel * input.plane(),
                           op.weight.data.data() + channel * taps, op.bias.empty() ? 0.0f : op.bias[channel],
                           zeros.data(), rows, out.data() + channel * output.plane());
        }
    };
    return operation;
}

}  // namespace

FloatOperation prepare_float_convolution(const ConvOp& op, const Shape& input, const Shape& output) {
    const Geometry geometry{op.window, input, output, input.channels / op.groups,
                            output.channels / op.groups};
    if (geometry.group_inputs == 1) return prepare_depthwise(op, geometry);
    const int64_t depth = op.weight.element_count() / output.channels;
    // Shared, because a std::function copies what it holds.
    const auto groups = std::make_shared<std::vector<PackedLeftMatrix>>();
    for (int64_t group = 0; group < op.groups; ++group) {
        const int64_t channel = group * geometry.group_outputs;
        groups->emplace_back(op.weight.data.data() + channel * depth,
                             op.bias.empty() ? nullptr : op.bias.data() + channel, geometry.group_outputs,
                             depth);
    }
    FloatOperation operation;
    operation.scratch_size = groups->front().panel_size() + groups->front().scratch_size();
    operation.run = [geometry, groups](const Inputs& inputs, std::span<float> out, std::span<float> scratch) {
        const float* image = inputs[0].data();
        float* result = out.data();
        for (const PackedLeftMatrix& weights : *groups) {
            convolve_group(geometry, weights, image, result, scratch.data());
            image += geometry.group_inputs * geometry.input.plane();
            result += geometry.group_outputs * geometry.output.plane();
        }
    };
    return operation;
}

}  // namespace quantface
