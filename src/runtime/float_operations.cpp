#include "runtime/float_operations.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantface {

namespace {

using Inputs = std::vector<std::span<const float>>;

// An operation that gives each number by itself.
template <typename Function>
FloatOperation each_number(Function function) {
    FloatOperation operation;
    operation.run = [function](const Inputs& inputs, std::span<float> output, std::span<float>) {
        const float* in = inputs[0].data();
        for (size_t index = 0; index < output.size(); ++index) output[index] = function(in[index]);
    };
    return operation;
}

// The same with the number's channel.
template <typename Function>
FloatOperation each_channel_number(const Shape& shape, Function function) {
    FloatOperation operation;
    const auto plane = static_cast<size_t>(shape.plane());
    operation.run = [function, plane](const Inputs& inputs, std::span<float> output, std::span<float>) {
        const float* in = inputs[0].data();
        const size_t channels = output.size() / plane;
        for (size_t channel = 0; channel < channels; ++channel) {
            const auto of_channel = function(channel);
            for (size_t index = channel * plane; index < (channel + 1) * plane; ++index) {
                output[index] = of_channel(in[index]);
            }
        }
    };
    return operation;
}

// Two operands, either of them (channels, 1, 1).
template <typename Function>
FloatOperation each_pair(const Shape& shape, Function function) {
    FloatOperation operation;
    const auto plane = static_cast<size_t>(shape.plane());
    operation.run = [function, plane](const Inputs& inputs, std::span<float> output, std::span<float>) {
        const float *a = inputs[0].data(), *b = inputs[1].data();
        float* out = output.data();
        const size_t size = output.size();
        if (inputs[0].size() == size && inputs[1].size() == size) {
            for (size_t index = 0; index < size; ++index) out[index] = function(a[index], b[index]);
            return;
        }
        const bool broadcast_a = inputs[0].size() != size;
        for (size_t channel = 0; channel < size / plane; ++channel) {
            const float one = broadcast_a ? a[channel] : b[channel];
            const size_t first = channel * plane, end = first + plane;
            if (broadcast_a) {
                for (size_t index = first; index < end; ++index) out[index] = function(one, b[index]);
            } else {
                for (size_t index = first; index < end; ++index) out[index] = function(a[index], one);
            }
        }
    };
    return operation;
}

// Starts at kStart, takes add(value, number) of the window's pixels within the image, then finish(value,
// their count). The graph's check leaves no window without such pixels, and no dilation.
template <typename Reduction>
FloatOperation pool(const Window& window, const Shape& input, const Shape& output, Reduction reduction) {
    FloatOperation operation;
    operation.run = [=](const Inputs& inputs, std::span<float> out, std::span<float>) {
        float* next = out.data();
        for (int channel = 0; channel < output.channels; ++channel) {
            const float* plane = inputs[0].data() + channel * input.plane();
            for (int oy = 0; oy < output.height; ++oy) {
                for (int ox = 0; ox < output.width; ++ox) {
                    const int top = oy * window.stride_y - window.padding.top;
                    const int left = ox * window.stride_x - window.padding.left;
                    const int y_end = std::min(top + window.kernel_height, input.height);
                    const int x_end = std::min(left + window.kernel_width, input.width);
                    float value = Reduction::kStart;
                    for (int y = std::max(top, 0); y < y_end; ++y) {
                        for (int x = std::max(left, 0); x < x_end; ++x) {
                            value = reduction.add(value, plane[static_cast<int64_t>(y) * input.width + x]);
                        }
                    }
                    const int pixels = (y_end - std::max(top, 0)) * (x_end - std::max(left, 0));
                    *next++ = reduction.finish(value, pixels);
                }
            }
        }
    };
    return operation;
}

struct Maximum {
    static constexpr float kStart = -std::numeric_limits<float>::infinity();
    float add(float a, float b) const { return std::max(a, b); }
    float finish(float value, int) const { return value; }
};
struct Mean {
    static constexpr float kStart = 0;
    int fixed_count;  // 0: pixels within the image
    float add(float a, float b) const { return a + b; }
    float finish(float sum, int pixels) const {
        return sum / static_cast<float>(fixed_count > 0 ? fixed_count : pixels);
    }
};

// Without a branch: the sign of an activation is mispredicted every other time.
float leaky(float x, float slope) {
    return std::max(x, 0.0f) + slope * std::min(x, 0.0f);
}

// One case for each operation.
struct Prepare {
    const std::vector<Shape>& inputs;
    const Shape& output;

    FloatOperation operator()(const ConvOp& op) const {
        return prepare_float_convolution(op, inputs[0], output);
    }
    FloatOperation operator()(const GemmOp& op) const {
        ConvOp conv;
        conv.weight = op.weight;
        conv.weight.dims = {op.weight.dims[0], op.weight.dims[1], 1, 1};
        conv.bias = op.bias;
        return prepare_float_convolution(conv, inputs[0], output);
    }
    FloatOperation operator()(const BatchNormOp& op) const {
        return each_channel_number(output, [op](size_t channel) {
            const double deviation = std::sqrt(static_cast<double>(op.variance[channel]) + op.epsilon);
            const auto scale = static_cast<float>(op.scale[channel] / deviation);
            const float mean = op.mean[channel], bias = op.bias[channel];
            return [=](float x) { return (x - mean) * scale + bias; };
        });
    }
    FloatOperation operator()(const AffineOp& op) const {
        return each_channel_number(output, [op](size_t channel) {
            const float scale = op.scale[channel], shift = op.shift[channel];
            return [=](float x) { return x * scale + shift; };
        });
    }
    FloatOperation operator()(const PReluOp& op) const {
        return each_channel_number(output, [op](size_t channel) {
            const float slope = op.slope[channel];
            return [=](float x) { return leaky(x, slope); };
        });
    }
    FloatOperation operator()(const ReluOp&) const {
        return each_number([](float x) { return std::max(x, 0.0f); });
    }
    FloatOperation operator()(const LeakyReluOp& op) const {
        return each_number([slope = op.slope](float x) { return leaky(x, slope); });
    }
    FloatOperation operator()(const ClipOp& op) const {
        return each_number([low = op.low, high = op.high](float x) {
            const float raised = x < low ? low : x;
            return raised > high ? high : raised;
        });
    }
    FloatOperation operator()(const SigmoidOp&) const {
        return each_number([](float x) { return 1.0f / (1.0f + std::exp(-x)); });
    }
    FloatOperation operator()(const HardSigmoidOp& op) const {
        return each_number([op](float x) { return std::max(0.0f, std::min(1.0f, op.alpha * x + op.beta)); });
    }
    FloatOperation operator()(const HardSwishOp&) const {
        return each_number([](float x) { return x * std::max(0.0f, std::min(1.0f, x / 6.0f + 0.5f)); });
    }
    FloatOperation operator()(const AddOp&) const {
        return each_pair(output, [](float a, float b) { return a + b; });
    }
    FloatOperation operator()(const SubOp&) const {
        return each_pair(output, [](float a, float b) { return a - b; });
    }
    FloatOperation operator()(const MulOp&) const {
        return each_pair(output, [](float a, float b) { return a * b; });
    }
    FloatOperation operator()(const FlattenOp&) const {
        return each_number([](float x) { return x; });
    }
    FloatOperation operator()(const IdentityOp&) const {
        return each_number([](float x) { return x; });
    }
    FloatOperation operator()(const FakeQuantOp& op) const {
        return each_number([params = op.params](float x) { return dequantize(quantize(x, params), params); });
    }
    FloatOperation operator()(const GlobalAveragePoolOp&) const {
        Window window;
        window.kernel_height = inputs[0].height;
        window.kernel_width = inputs[0].width;
        return pool(window, inputs[0], output, Mean{0});
    }
    FloatOperation operator()(const AveragePoolOp& op) const {
        const int whole = op.window.kernel_height * op.window.kernel_width;
        return pool(op.window, inputs[0], output, Mean{op.count_include_padding ? whole : 0});
    }
    FloatOperation operator()(const MaxPoolOp& op) const {
        return pool(op.window, inputs[0], output, Maximum{});
    }
    FloatOperation operator()(const ConcatOp&) const {
        FloatOperation operation;
        operation.run = [](const Inputs& values, std::span<float> out, std::span<float>) {
            auto position = out.begin();
            for (const auto& value : values) position = std::copy(value.begin(), value.end(), position);
        };
        return operation;
    }
};

}  // namespace

FloatOperation prepare_float_operation(const Node& node, const std::vector<Shape>& inputs,
                                       const Shape& output) {
    return std::visit(Prepare{inputs, output}, node.op);
}

}  // namespace quantface
