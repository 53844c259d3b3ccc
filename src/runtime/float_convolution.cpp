#include <algorithm>

#include "kernels/float/sgemm.h"
#include "runtime/float_operations.h"

namespace quantface {

namespace {

using Inputs = std::vector<std::span<const float>>;

// Row k of the matrix is input tap k (channel, kernel row, kernel column) at every output pixel.
void gather_taps(const Window& window, const Shape& input, const Shape& output, const float* image,
                 int channels, float* matrix) {
    const Padding& pad = window.padding;
    for (int channel = 0; channel < channels; ++channel) {
        const float* plane = image + channel * input.plane();
        for (int ky = 0; ky < window.kernel_height; ++ky) {
            for (int kx = 0; kx < window.kernel_width; ++kx) {
                for (int oy = 0; oy < output.height; ++oy) {
                    const int y = oy * window.stride_y - pad.top + ky * window.dilation_y;
                    float* out = matrix;
                    matrix += output.width;
                    if (y < 0 || y >= input.height) {
                        std::fill_n(out, output.width, 0.0f);
                        continue;
                    }
                    const float* row = plane + static_cast<int64_t>(y) * input.width;
                    for (int ox = 0; ox < output.width; ++ox) {
                        const int x = ox * window.stride_x - pad.left + kx * window.dilation_x;
                        out[ox] = x >= 0 && x < input.width ? row[x] : 0.0f;
                    }
                }
            }
        }
    }
}

// One channel in, one channel out.
void convolve_plane(const Window& window, const Shape& input, const Shape& output, const float* plane,
                    const float* weight, float bias, float* out) {
    const Padding& pad = window.padding;
    std::fill_n(out, output.plane(), bias);
    for (int ky = 0; ky < window.kernel_height; ++ky) {
        for (int kx = 0; kx < window.kernel_width; ++kx) {
            const float tap = weight[ky * window.kernel_width + kx];
            const int shift = kx * window.dilation_x - pad.left;
            // Output columns whose input column lies within the image.
            const int first = shift >= 0 ? 0 : (-shift + window.stride_x - 1) / window.stride_x;
            const int room = input.width - 1 - shift;
            const int last = room < 0 ? -1 : std::min(output.width - 1, room / window.stride_x);
            for (int oy = 0; oy < output.height; ++oy) {
                const int y = oy * window.stride_y - pad.top + ky * window.dilation_y;
                if (y < 0 || y >= input.height) continue;
                const float* row = plane + static_cast<int64_t>(y) * input.width + shift;
                float* out_row = out + static_cast<int64_t>(oy) * output.width;
                if (window.stride_x == 1) {
                    for (int ox = first; ox <= last; ++ox) out_row[ox] += tap * row[ox];
                } else {
                    for (int ox = first; ox <= last; ++ox) out_row[ox] += tap * row[ox * window.stride_x];
                }
            }
        }
    }
}

FloatOperation prepare_depthwise(const ConvOp& op, const Shape& input, const Shape& output) {
    FloatOperation operation;
    operation.run = [op, input, output](const Inputs& inputs, std::span<float> out, std::span<float>) {
        const int taps = op.window.kernel_height * op.window.kernel_width;
        const int outputs_per_input = output.channels / input.channels;
        for (int channel = 0; channel < output.channels; ++channel) {
            convolve_plane(op.window, input, output,
                           inputs[0].data() + channel / outputs_per_input * input.plane(),
                           op.weight.data.data() + static_cast<int64_t>(channel) * taps,
                           op.bias.empty() ? 0.0f : op.bias[channel], out.data() + channel * output.plane());
        }
    };
    return operation;
}

}  // namespace

FloatOperation prepare_float_convolution(const ConvOp& op, const Shape& input, const Shape& output) {
    const int group_inputs = static_cast<int>(op.weight.dims[1]);
    if (group_inputs == 1) return prepare_depthwise(op, input, output);
    const int64_t depth = op.weight.element_count() / output.channels;
    const int group_outputs = output.channels / op.groups;
    std::vector<PackedLeftMatrix> groups;
    for (int group = 0; group < op.groups; ++group) {
        groups.emplace_back(op.weight.data.data() + group * group_outputs * depth,
                            op.bias.empty() ? nullptr : op.bias.data() + group * group_outputs, group_outputs,
                            depth);
    }
    const Window window = op.window;
    const bool pointwise = window.kernel_height == 1 && window.kernel_width == 1 && window.stride_y == 1 &&
                           window.stride_x == 1 && !window.padding.any();
    const size_t matrix_size = pointwise ? 0 : static_cast<size_t>(depth * output.plane());
    FloatOperation operation;
    operation.scratch_size = matrix_size + groups[0].scratch_size();
    operation.run = [=, groups = std::move(groups)](const Inputs& inputs, std::span<float> out,
                                                    std::span<float> scratch) {
        for (size_t group = 0; group < groups.size(); ++group) {
            const float* image =
                inputs[0].data() + static_cast<int64_t>(group) * group_inputs * input.plane();
            if (!pointwise) gather_taps(window, input, output, image, group_inputs, scratch.data());
            groups[group].multiply(pointwise ? image : scratch.data(), output.plane(), output.plane(),
                                   out.data() + static_cast<int64_t>(group) * group_outputs * output.plane(),
                                   output.plane(), scratch.data() + matrix_size);
        }
    };
    return operation;
}

}  // namespace quantface
