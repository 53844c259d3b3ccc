#include "formats/onnx_export_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantface {

namespace {

constexpr int kLimit = 127;

// One output channel's numbers, whole and exact: a weight is number * scale.
struct Channel {
    std::vector<int32_t> number;  // (in / groups, height, width)
    int32_t zero_point = 0;       // of the levels that the numbers are stored as
    double scale = 1;
    double bias = 0;
};

// From (height, width, in / groups).
std::vector<int32_t> transposed(const IntegerConv& op, size_t channel, int32_t offset) {
    const size_t taps =
        static_cast<size_t>(op.window.kernel_height) * static_cast<size_t>(op.window.kernel_width);
    const size_t count = op.weight.size() / op.bias.size(), inputs = count / taps;
    std::vector<int32_t> numbers(count);
    for (size_t tap = 0; tap < taps; ++tap) {
        for (size_t input = 0; input < inputs; ++input) {
            numbers[input * taps + tap] = op.weight[channel * count + tap * inputs + input] + offset;
        }
    }
    return numbers;
}

// What levels of `zero` contribute to the accumulator.
int64_t sum_at_zero(const IntegerConv& op, size_t channel, const std::vector<int32_t>& number,
                    const std::vector<int32_t>& zero) {
    const size_t groups = static_cast<size_t>(op.groups);
    const size_t inputs = zero.size() / groups, taps = number.size() / inputs;
    const size_t first = channel / (op.bias.size() / groups) * inputs;
    int64_t sum = 0;
    for (size_t input = 0; input < inputs; ++input) {
        for (size_t tap = 0; tap < taps; ++tap)
            sum += int64_t{number[input * taps + tap]} * zero[first + input];
    }
    return sum;
}

// A channel whose multiplier is 0 (or nearly so) gives 0 whatever it reads.
void silence(Channel& channel) {
    std::fill(channel.number.begin(), channel.number.end(), 0);
    channel.zero_point = 0;
    channel.scale = 1;
    channel.bias = 0;
}

// Scales have to be positive: a negative multiplier's sign moves to the numbers. The levels -128..127 turn
// round -1/2, so the zero points of asymmetric weights do as well.
void flip(Channel& channel, bool asymmetric) {
    for (int32_t& number : channel.number) number = -number;
    if (asymmetric) channel.zero_point = -1 - channel.zero_point;
    channel.scale = -channel.scale;
    channel.bias = -channel.bias;
}

void fit_into_int8(Channel& channel) {
    channel.zero_point = 0;
    int32_t largest = 0;
    for (const int32_t number : channel.number) largest = std::max(largest, std::abs(number));
    if (largest <= kLimit) return;
    const double ratio = static_cast<double>(kLimit) / largest;
    for (int32_t& number : channel.number) number = static_cast<int32_t>(std::nearbyint(number * ratio));
    channel.scale /= ratio;
    channel.bias *= ratio;
}

OnnxConvWeights empty_weights(const IntegerConv& op) {
    OnnxConvWeights weights;
    const int64_t outputs = static_cast<int64_t>(op.bias.size()), height = op.window.kernel_height,
                  width = op.window.kernel_width;
    weights.dims = {outputs, static_cast<int64_t>(op.weight.size()) / (outputs * height * width), height,
                    width};
    weights.level.reserve(op.weight.size());
    return weights;
}

void append(OnnxConvWeights& weights, const Channel& channel) {
    for (const int32_t number : channel.number) {
        weights.level.push_back(static_cast<int8_t>(number + channel.zero_point));
    }
    weights.zero_point.push_back(static_cast<int8_t>(channel.zero_point));
    weights.scale.push_back(static_cast<float>(channel.scale));
    weights.bias.push_back(channel.bias);
}

Channel channel_of(const OnnxWeightTask& task, size_t index) {
    Channel channel;
    channel.number = transposed(task.op, index, task.op.weight_offset(index));
    channel.zero_point = -task.op.weight_offset(index);
    channel.scale = static_cast<double>(task.op.multiplier[index]) * task.unit / task.input_scale;
    return channel;
}

}  // namespace

float OnnxConvWeights::real_weight(size_t index) const {
    const size_t channel = index / (level.size() / scale.size());
    return static_cast<float>(level[index] - zero_point[channel]) * scale[channel];
}

OnnxConvWeights exact_conv_weights(const OnnxWeightTask& task) {
    const IntegerConv& op = task.op;
    OnnxConvWeights weights = empty_weights(op);
    for (size_t index = 0; index < op.bias.size(); ++index) {
        Channel channel = channel_of(task, index);
        const double scale = channel.scale;
        constexpr int kFar = 100;  // keeps the scale of any multiplier in float32
        const int exponent = scale == 0 ? 0 : std::clamp(std::ilogb(scale), -kFar, kFar);
        channel.scale = std::ldexp(1.0, exponent);
        channel.bias =
            op.whole_bias(index) + static_cast<double>(sum_at_zero(op, index, channel.number, task.zero));
        append(weights, channel);
        weights.multiplier.push_back(static_cast<float>(std::ldexp(scale, -exponent)));
        if (op.bias_fraction_bits > 0) {
            weights.part.push_back(
                static_cast<float>(static_cast<double>(op.part_of_bias(index)) * task.unit));
        }
    }
    return weights;
}

OnnxConvWeights joined_conv_weights(const OnnxWeightTask& task, bool zero_at_0) {
    const IntegerConv& op = task.op;
    OnnxConvWeights weights = empty_weights(op);
    for (size_t index = 0; index < op.bias.size(); ++index) {
        Channel channel = channel_of(task, index);
        channel.bias = std::ldexp(op.bias[index], -op.bias_fraction_bits) +
                       static_cast<double>(sum_at_zero(op, index, channel.number, task.zero));
        if (std::fabs(channel.scale) < static_cast<double>(std::numeric_limits<float>::min()))
            silence(channel);
        if (channel.scale < 0) flip(channel, op.has_asymmetric_weights());
        if (zero_at_0) fit_into_int8(channel);
        append(weights, channel);
    }
    return weights;
}

}  // namespace quantface
