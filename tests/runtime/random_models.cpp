#include "random_models.h"

#include <algorithm>
#include <cmath>

#include "graph/window_arithmetic.h"
#include "numerics/half.h"

namespace quantface {

namespace {

constexpr int kMultiplierExponent = -14;

// Largest magnitude of an activation around its zero point, in levels.
double half_range(const QuantParams& quant) {
    return (quant.max_level() + 1) / 2.0;
}

// The convolutions of one bottleneck: to more channels, depthwise, back; with the input as residual where it
// fits.
ValueId add_bottleneck(RandomModelBuilder& builder, const RandomModelBuilder::ConvOptions& shared,
                       ValueId input, int wide, int out, int stride) {
    RandomModelBuilder::ConvOptions pointwise = shared, depthwise = shared;
    pointwise.activation = depthwise.activation = Activation::kPRelu;
    depthwise.kernel_height = depthwise.kernel_width = 3;
    depthwise.stride = stride;
    depthwise.padding = {1, 1, 1, 1};
    depthwise.groups = wide;
    ValueId value = builder.conv(input, wide, pointwise);
    value = builder.conv(value, wide, depthwise);
    pointwise.activation = Activation::kNone;
    if (stride == 1 && builder.shape(input).channels == out) pointwise.residual = input;
    return builder.conv(value, out, pointwise);
}

}  // namespace

RandomModelBuilder::RandomModelBuilder(uint64_t seed, int height, int width) : rng_(seed) {
    model_.name = "random";
    model_.record = "{}";
    model_.input_spec.height = height;
    model_.input_spec.width = width;
    model_.input = add_value({3, height, width}, 8);
    model_.values[model_.input].quant = {};
}

float RandomModelBuilder::random_half(double low, double high) {
    return round_to_half(static_cast<float>(rng_.uniform(low, high)));
}

uint8_t RandomModelBuilder::random_level(int max_level) {
    return static_cast<uint8_t>(rng_.below(static_cast<uint64_t>(max_level) + 1));
}

ValueId RandomModelBuilder::add_value(const Shape& shape, int bits, bool is_float) {
    IntegerValue value;
    value.name = "value" + std::to_string(model_.values.size());
    value.shape = shape;
    value.is_float = is_float;
    value.quant.bits = bits;
    value.quant.scale = 0.0625f;
    value.quant.zero_point = random_level(value.quant.max_level());
    model_.values.push_back(value);
    return static_cast<ValueId>(model_.values.size() - 1);
}

void RandomModelBuilder::add_node(IntegerOp op, std::vector<ValueId> inputs) {
    const std::string name = "node" + std::to_string(model_.nodes.size());
    model_.nodes.push_back({name, std::move(op), std::move(inputs)});
}

IntegerConv RandomModelBuilder::random_conv(const Shape& in, const Shape& out, const ConvOptions& options) {
    IntegerConv op;
    op.window = {options.kernel_height, options.kernel_width, options.stride, options.stride,
                 options.dilation,      options.dilation,     options.padding};
    op.groups = options.groups;
    op.weight_bits = options.weight_bits;
    const int taps = options.kernel_height * options.kernel_width * (in.channels / options.groups);
    const int limit = weight_limit(options.weight_bits);
    op.weight.resize(static_cast<size_t>(taps) * out.channels);
    for (int8_t& weight : op.weight) {
        weight =
            static_cast<int8_t>(static_cast<int>(rng_.below(2 * static_cast<uint64_t>(limit) + 1)) - limit);
    }
    op.multiplier_exponent = kMultiplierExponent;
    op.bias.resize(static_cast<size_t>(out.channels));
    if (rng_.chance(0.5)) op.bias_fraction_bits = static_cast<int>(rng_.below(5));
    for (int32_t& bias : op.bias) {
        bias = (static_cast<int32_t>(rng_.below(4001)) - 2000) * (1 << op.bias_fraction_bits);
        if (op.bias_fraction_bits > 0) bias += static_cast<int32_t>(rng_.below(1u << op.bias_fraction_bits));
    }
    return op;
}

void RandomModelBuilder::make_asymmetric(IntegerConv& op, int max_level) {
    const int max_weight = (1 << op.weight_bits) - 1, middle = (max_weight + 1) / 2;
    for (int8_t& weight : op.weight) weight = static_cast<int8_t>(random_level(max_weight) - middle);
    const size_t taps = op.weight.size() / op.bias.size();
    for (size_t channel = 0; channel < op.bias.size(); ++channel) {
        const double kind = rng_.uniform();
        const int zero_point = kind < 0.2 ? 0 : kind < 0.4 ? max_weight : random_level(max_weight);
        op.weight_zero_point.push_back(static_cast<uint8_t>(zero_point));
        int64_t sum = 0;
        for (size_t tap = 0; tap < taps; ++tap) {
            // Now and then a channel whose weights all are at one end.
            int8_t& weight = op.weight[channel * taps + tap];
            if (kind > 0.95) weight = static_cast<int8_t>(max_weight - middle);
            sum += weight + op.weight_offset(channel);
        }
        op.bias[channel] -= static_cast<int32_t>(sum * max_level / 2) * (1 << op.bias_fraction_bits);
    }
}

ValueId RandomModelBuilder::conv(ValueId input, int out_channels, const ConvOptions& options) {
    const Shape in = shape(input);
    Window window{options.kernel_height, options.kernel_width, options.stride, options.stride,
                  options.dilation,      options.dilation,     options.padding};
    const Shape out{out_channels, window_output_height(window, in.height),
                    window_output_width(window, in.width)};
    IntegerConv op = random_conv(in, out, options);
    const int max_level = model_.values[input].quant.max_level();
    if (options.asymmetric_weights) make_asymmetric(op, max_level);
    for (int channel = 0; channel < in.channels; ++channel) {
        op.padding_level.push_back(options.zero_point_padding
                                       ? static_cast<uint8_t>(model_.values[input].quant.zero_point)
                                       : random_level(max_level));
    }
    const ValueId result = add_value(out, options.bits, options.is_float);
    const double taps = static_cast<double>(op.weight.size()) / out_channels;
    const double deviation = std::sqrt(taps) * weight_limit(options.weight_bits) * max_level / 3;
    const double wanted = half_range(model_.values[result].quant) / deviation;
    for (int channel = 0; channel < out_channels; ++channel) {
        const double half =
            std::min(wanted * rng_.uniform(0.4, 1.2) * std::ldexp(1.0, -kMultiplierExponent), 60000.0);
        op.multiplier.push_back(std::ldexp(round_to_half(static_cast<float>(half)), kMultiplierExponent));
    }
    Epilogue& epilogue = op.epilogue;
    epilogue.activation = options.activation;
    epilogue.activation_after_residual = options.activation_after_residual;
    if (options.activation == Activation::kPRelu) {
        for (int channel = 0; channel < out_channels; ++channel) {
            epilogue.slope.push_back(rng_.chance(0.1) ? 0.0f : random_half(-0.5, 1.5));
        }
    }
    if (options.activation == Activation::kClip) {
        epilogue.clip_high = static_cast<float>(half_range(model_.values[result].quant) * 0.75);
    }
    epilogue.residual = options.residual;
    epilogue.residual_multiplier =
        options.residual == kNoValue ? 0 : static_cast<float>(rng_.uniform(0.2, 1));
    epilogue.outputs.push_back({result, {}, {}});
    add_node(std::move(op), {input});
    return result;
}

ValueId RandomModelBuilder::batch_norm_output(int bits) {
    Epilogue& epilogue = std::get<IntegerConv>(model_.nodes.back().op).epilogue;
    IntegerOutput output;
    output.value = add_value(shape(epilogue.outputs.front().value), bits);
    const double range = half_range(model_.values[output.value].quant);
    for (int channel = 0; channel < shape(output.value).channels; ++channel) {
        output.scale.push_back(static_cast<float>(rng_.uniform(0.4, 1.5)));
        output.shift.push_back(static_cast<float>(rng_.uniform(-0.2, 0.2) * range));
    }
    epilogue.outputs.push_back(std::move(output));
    return epilogue.outputs.back().value;
}

ValueId RandomModelBuilder::any_value() {
    for (;;) {
        const auto value = static_cast<ValueId>(rng_.below(model_.values.size()));
        // Late values more often, or networks would be wide and flat.
        if (rng_.chance(0.3) || static_cast<size_t>(value) + 4 >= model_.values.size()) return value;
    }
}

void RandomModelBuilder::add_output(Epilogue& epilogue, const Shape& output_shape, bool affine) {
    IntegerOutput output;
    output.value = add_value(output_shape, random_bits());
    if (affine) {
        for (int channel = 0; channel < output_shape.channels; ++channel) {
            output.scale.push_back(static_cast<float>(rng_.uniform(-1.5, 1.5)));
            output.shift.push_back(static_cast<float>(rng_.uniform(-20, 20)));
        }
    }
    epilogue.outputs.push_back(std::move(output));
}

Epilogue RandomModelBuilder::random_epilogue(const Shape& output_shape, double spread) {
    Epilogue epilogue;
    epilogue.activation = static_cast<Activation>(rng_.below(3));
    epilogue.activation_after_residual = rng_.chance(0.5);
    if (epilogue.activation == Activation::kPRelu) {
        for (int channel = 0; channel < output_shape.channels; ++channel) {
            epilogue.slope.push_back(random_half(-1, 2));
        }
    }
    if (epilogue.activation == Activation::kClip) {
        epilogue.clip_low = static_cast<float>(-spread * rng_.uniform());
        epilogue.clip_high = static_cast<float>(spread * rng_.uniform());
    }
    for (size_t value = 0; value < model_.values.size(); ++value) {
        if (model_.values[value].shape == output_shape && rng_.chance(0.5)) {
            epilogue.residual = static_cast<ValueId>(value);
            epilogue.residual_multiplier = static_cast<float>(rng_.uniform(-1, 1));
        }
    }
    const int outputs = 1 + static_cast<int>(rng_.below(2));
    const int direct = static_cast<int>(rng_.below(2));
    for (int index = 0; index < outputs; ++index) add_output(epilogue, output_shape, index != direct);
    return epilogue;
}

ValueId RandomModelBuilder::random_conv_node() {
    const ValueId input = any_value();
    const Shape in = shape(input);
    ConvOptions options;
    options.kernel_height = 1 + static_cast<int>(rng_.below(3));
    options.kernel_width = 1 + static_cast<int>(rng_.below(3));
    options.stride = 1 + static_cast<int>(rng_.below(2));
    options.dilation = 1 + static_cast<int>(rng_.below(2));
    options.padding = {static_cast<int>(rng_.below(3)), static_cast<int>(rng_.below(3)), 4, 4};
    options.weight_bits = random_bits();
    options.asymmetric_weights = rng_.chance(0.5);
    int out_channels = 1 + static_cast<int>(rng_.below(40));
    if (rng_.chance(0.4)) options.groups = out_channels = in.channels;
    conv(input, out_channels, options);
    // The same convolution with an epilogue of every kind.
    auto& op = std::get<IntegerConv>(model_.nodes.back().op);
    const Shape out = shape(op.epilogue.outputs[0].value);
    model_.values.pop_back();
    Epilogue epilogue = random_epilogue(out, 100);
    op.epilogue = epilogue;
    return epilogue.outputs[0].value;
}

ValueId RandomModelBuilder::random_affine() {
    const ValueId input = any_value();
    const Shape in = shape(input);
    IntegerAffine op;
    for (int channel = 0; channel < in.channels; ++channel) {
        op.multiplier.push_back(static_cast<float>(rng_.uniform(-2, 2)));
        op.shift.push_back(static_cast<float>(rng_.uniform(-10, 10)));
    }
    op.epilogue = random_epilogue(in, 200);
    const ValueId result = op.epilogue.outputs[0].value;
    add_node(std::move(op), {input});
    return result;
}

ValueId RandomModelBuilder::random_add_or_mul() {
    const ValueId a = any_value();
    const Shape in = shape(a);
    ValueId b = a;
    for (size_t value = 0; value < model_.values.size(); ++value) {
        const Shape& other = model_.values[value].shape;
        const bool fits = other == in || other == Shape{in.channels, 1, 1};
        if (fits && rng_.chance(0.6)) b = static_cast<ValueId>(value);
    }
    Epilogue epilogue = random_epilogue(in, 100);
    const ValueId result = epilogue.outputs[0].value;
    if (rng_.chance(0.5)) {
        const auto ma = static_cast<float>(rng_.uniform(-1, 1)), mb = static_cast<float>(rng_.uniform(-1, 1));
        add_node(IntegerAdd{ma, mb, std::move(epilogue)}, {a, b});
    } else {
        add_node(IntegerMul{static_cast<float>(rng_.uniform(-0.02, 0.02)), std::move(epilogue)}, {a, b});
    }
    return result;
}

ValueId RandomModelBuilder::random_lut() {
    const ValueId input = any_value();
    const Shape in = shape(input);
    IntegerLut op;
    op.output = add_value(in, random_bits());
    const int max_level = model_.values[op.output].quant.max_level();
    for (int level = 0; level <= model_.values[input].quant.max_level(); ++level) {
        op.table.push_back(random_level(max_level));
    }
    const ValueId result = op.output;
    add_node(std::move(op), {input});
    return result;
}

ValueId RandomModelBuilder::random_pool() {
    const ValueId input = any_value();
    const Shape in = shape(input);
    Window window;
    if (rng_.chance(0.4)) {
        window.kernel_height = in.height;
        window.kernel_width = in.width;
    } else {
        window.kernel_height = window.kernel_width = 3;
        window.padding = {1, static_cast<int>(rng_.below(3)), 2, 2};
        window.stride_y = 1 + static_cast<int>(rng_.below(2));
        window.stride_x = 1 + static_cast<int>(rng_.below(2));
    }
    const Shape out{in.channels, window_output_height(window, in.height),
                    window_output_width(window, in.width)};
    if (rng_.chance(0.5)) {
        const ValueId result = add_value(out, 8);
        model_.values[result].quant = model_.values[input].quant;
        add_node(IntegerMaxPool{window, result}, {input});
        return result;
    }
    IntegerAveragePool op;
    op.window = window;
    op.count_include_padding = rng_.chance(0.5);
    op.multiplier = static_cast<float>(rng_.uniform(-2, 2));
    op.epilogue = random_epilogue(out, 100);
    const ValueId result = op.epilogue.outputs[0].value;
    add_node(std::move(op), {input});
    return result;
}

ValueId RandomModelBuilder::random_concat() {
    const ValueId first = any_value();
    Shape out = shape(first);
    std::vector<ValueId> inputs{first};
    for (size_t value = 0; value < model_.values.size(); ++value) {
        const Shape& other = model_.values[value].shape;
        if (other.height == out.height && other.width == out.width && out.channels + other.channels < 100 &&
            rng_.chance(0.4)) {
            inputs.push_back(static_cast<ValueId>(value));
            out.channels += other.channels;
        }
    }
    IntegerConcat op;
    for (size_t index = 0; index < inputs.size(); ++index) {
        op.multiplier.push_back(static_cast<float>(rng_.uniform(-1.5, 1.5)));
    }
    op.output = add_value(out, random_bits());
    const ValueId result = op.output;
    add_node(std::move(op), std::move(inputs));
    return result;
}

ValueId RandomModelBuilder::any_operation() {
    switch (rng_.below(8)) {
        case 0:
            return random_affine();
        case 1:
        case 2:
            return random_add_or_mul();
        case 3:
            return random_lut();
        case 4:
            return random_pool();
        case 5:
            return random_concat();
        default:
            return random_conv_node();
    }
}

IntegerModel RandomModelBuilder::finish(ValueId embedding) {
    model_.output = embedding;
    return model_;
}

IntegerModel random_mobile_face_net(uint64_t seed, const RandomModelBuilder::ConvOptions& shared) {
    RandomModelBuilder builder(seed, 112, 112);
    RandomModelBuilder::ConvOptions options = shared;
    options.kernel_height = options.kernel_width = 3;
    options.stride = 2;
    options.padding = {1, 1, 1, 1};
    options.activation = Activation::kPRelu;
    ValueId value = builder.conv(builder.input(), 64, options);
    options.stride = 1;
    options.groups = 64;
    value = builder.conv(value, 64, options);
    value = add_bottleneck(builder, shared, value, 128, 64, 2);
    for (int index = 0; index < 4; ++index) value = add_bottleneck(builder, shared, value, 128, 64, 1);
    value = add_bottleneck(builder, shared, value, 256, 128, 2);
    for (int index = 0; index < 6; ++index) value = add_bottleneck(builder, shared, value, 256, 128, 1);
    value = add_bottleneck(builder, shared, value, 512, 128, 2);
    for (int index = 0; index < 2; ++index) value = add_bottleneck(builder, shared, value, 256, 128, 1);
    RandomModelBuilder::ConvOptions last = shared;
    last.activation = Activation::kPRelu;
    value = builder.conv(value, 512, last);
    last.activation = Activation::kNone;
    last.kernel_height = last.kernel_width = 7;
    last.groups = 512;
    value = builder.conv(value, 512, last);
    last = shared;
    last.is_float = true;
    return builder.finish(builder.conv(value, 128, last));
}

IntegerModel random_network(uint64_t seed, int operations) {
    RandomModelBuilder builder(seed, 5 + static_cast<int>(seed % 7), 4 + static_cast<int>(seed % 5));
    ValueId value = builder.input();
    for (int index = 0; index < operations; ++index) value = builder.any_operation();
    RandomModelBuilder::ConvOptions last;
    last.kernel_height = builder.shape(value).height;
    last.kernel_width = builder.shape(value).width;
    last.is_float = true;
    return builder.finish(builder.conv(value, 1 + static_cast<int>(seed % 60), last));
}

std::vector<uint8_t> random_pixels(const IntegerModel& model, Rng& rng) {
    std::vector<uint8_t> pixels(static_cast<size_t>(model.values[model.input].shape.size()));
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(rng.below(256));
    return pixels;
}

}  // namespace quantface
