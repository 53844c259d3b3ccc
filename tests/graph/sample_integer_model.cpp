#include "sample_integer_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "base/rng.h"
#include "numerics/half.h"

namespace quantface {

namespace {

class Builder {
  public:
    explicit Builder(const char* name) { model.name = name; }

    ValueId add_value(const std::string& name, Shape shape, QuantParams quant) {
        model.values.push_back({name, shape, false, quant});
        return static_cast<ValueId>(model.values.size() - 1);
    }
    void add_input(int height, int width) {
        model.input_spec.height = height;
        model.input_spec.width = width;
        model.input = add_value("input", {3, height, width}, QuantParams{});
    }
    void add_output(int channels) {
        model.output = add_value("embedding", {channels, 1, 1}, QuantParams{});
        model.values[model.output].is_float = true;
    }
    void add_node(const std::string& name, IntegerOp op, std::vector<ValueId> inputs) {
        model.nodes.push_back({name, std::move(op), std::move(inputs)});
    }

    IntegerModel model;
};

std::vector<float> random_numbers(Rng& rng, int count, double low, double high) {
    std::vector<float> numbers;
    for (int index = 0; index < count; ++index) numbers.push_back(static_cast<float>(rng.uniform(low, high)));
    return numbers;
}

std::vector<float> random_halves(Rng& rng, int count, double low, double high) {
    std::vector<float> numbers = random_numbers(rng, count, low, high);
    for (float& number : numbers) number = round_to_half(number);
    return numbers;
}

Window square_window(int size, int stride, int pad) {
    return {size, size, stride, stride, 1, 1, {pad, pad, pad, pad}};
}

}  // namespace

IntegerConv random_conv(int in_channels, int out_channels, int kernel, int groups, int weight_bits,
                        uint64_t seed) {
    Rng rng(seed, 17);
    IntegerConv conv;
    conv.window = square_window(kernel, 1, kernel / 2);
    conv.groups = groups;
    conv.weight_bits = weight_bits;
    const int limit = weight_limit(weight_bits);
    const int64_t count = int64_t{out_channels} * kernel * kernel * (in_channels / groups);
    for (int64_t index = 0; index < count; ++index) {
        const double level = std::nearbyint(rng.normal() * limit / 3);
        conv.weight.push_back(static_cast<int8_t>(std::clamp<double>(level, -limit, limit)));
    }
    conv.multiplier_exponent = -12;
    for (int channel = 0; channel < out_channels; ++channel) {
        conv.bias.push_back(static_cast<int32_t>(rng.normal() * 20000));
        const auto half = round_to_half(static_cast<float>(std::exp(rng.normal() * 0.5)));
        conv.multiplier.push_back(std::ldexp(half, conv.multiplier_exponent));
    }
    conv.padding_level.assign(in_channels, 0);
    conv.epilogue.activation = Activation::kPRelu;
    conv.epilogue.slope = random_halves(rng, out_channels, 0.05, 0.6);
    return conv;
}

IntegerModel with_asymmetric_weights(IntegerModel model, uint64_t seed) {
    Rng rng(seed, 23);
    for (IntegerNode& node : model.nodes) {
        auto* conv = std::get_if<IntegerConv>(&node.op);
        if (conv == nullptr) continue;
        const int max_level = (1 << conv->weight_bits) - 1, middle = (max_level + 1) / 2;
        const auto random_level = [&] {
            return static_cast<int>(rng.below(static_cast<uint64_t>(max_level) + 1));
        };
        for (int8_t& weight : conv->weight) weight = static_cast<int8_t>(random_level() - middle);
        conv->weight.front() = static_cast<int8_t>(-middle);
        conv->weight.back() = static_cast<int8_t>(max_level - middle);
        for (size_t channel = 0; channel < conv->bias.size(); ++channel) {
            const int zero_point = channel % 3 == 0 ? random_level() : channel % 3 == 1 ? max_level : 0;
            conv->weight_zero_point.push_back(static_cast<uint8_t>(zero_point));
        }
        conv->bias_fraction_bits = static_cast<int>(rng.below(kMaxBiasFractionBits + 1));
    }
    return model;
}

IntegerModel tiny_model() {
    Builder builder("tiny");
    builder.add_input(2, 2);
    builder.add_output(2);
    IntegerConv conv;
    conv.window = square_window(2, 1, 0);
    conv.weight_bits = 4;
    for (int index = 0; index < 24; ++index) conv.weight.push_back(static_cast<int8_t>(index * 5 % 15 - 7));
    conv.bias = {-1234, 567};
    conv.multiplier = {0.75f / 4096, 1.25f / 4096};
    conv.multiplier_exponent = -12;
    conv.padding_level = {0, 0, 0};
    conv.epilogue.activation = Activation::kPRelu;
    conv.epilogue.slope = {0.25f, 0.375f};
    conv.epilogue.outputs = {{builder.model.output, {}, {}}};
    builder.add_node("embedding", std::move(conv), {builder.model.input});
    return std::move(builder.model);
}

namespace {

// The first convolutions of sample_model: full with two outputs, then depthwise over the affine one.
void add_convolutions(Builder& builder, int weight_bits, const QuantParams& quant, Rng& rng) {
    IntegerConv full = random_conv(3, 8, 3, 1, weight_bits, rng.next_u64());
    full.epilogue.outputs = {{1, {}, {}}, {2, random_numbers(rng, 8, -2, 2), random_numbers(rng, 8, -9, 9)}};
    builder.add_node("full", std::move(full), {0});
    IntegerConv depthwise = random_conv(8, 8, 3, 8, weight_bits, rng.next_u64());
    depthwise.window = {3, 3, 2, 2, 1, 1, {1, 1, 0, 0}};
    for (size_t channel = 0; channel < 8; ++channel) {
        depthwise.padding_level[channel] = static_cast<uint8_t>(channel % (quant.max_level() + 1));
        depthwise.multiplier[channel] *= channel % 2 == 0 ? 1.0f : -1.0f;
    }
    depthwise.epilogue = {};
    depthwise.epilogue.activation = Activation::kClip;
    depthwise.epilogue.clip_high = 6.25f;
    depthwise.epilogue.outputs = {{3, {}, {}}};
    builder.add_node("depthwise", std::move(depthwise), {2});
}

void add_elementwise(Builder& builder, const QuantParams& quant, const QuantParams& other, Rng& rng) {
    builder.add_node("max", IntegerMaxPool{square_window(2, 2, 0), 4}, {1});
    IntegerAdd add{0.5f, -0.25f, {}};
    add.epilogue.activation = Activation::kPRelu;
    add.epilogue.slope.assign(8, 0.0f);
    add.epilogue.outputs = {{5, {}, {}}};
    builder.add_node("add", std::move(add), {3, 4});
    IntegerAffine affine{random_numbers(rng, 8, -1, 1), random_numbers(rng, 8, -5, 5), {}};
    affine.epilogue.outputs = {{6, random_numbers(rng, 8, -1, 1), random_numbers(rng, 8, -1, 1)}};
    builder.add_node("affine", std::move(affine), {5});
    IntegerLut lut{{}, 7};
    for (int level = 0; level <= quant.max_level(); ++level) {
        lut.table.push_back(static_cast<uint8_t>(rng.below(static_cast<uint64_t>(other.max_level()) + 1)));
    }
    builder.add_node("lut", std::move(lut), {6});
}

void add_ending(Builder& builder, int weight_bits, Rng& rng) {
    IntegerAveragePool squeeze{square_window(4, 1, 0), false, 0.75f, {}};
    squeeze.epilogue.outputs = {{8, {}, {}}};
    builder.add_node("squeeze", std::move(squeeze), {7});
    IntegerMul mul{0.003f, {}};
    mul.epilogue.residual = 5;
    mul.epilogue.residual_multiplier = -1.5f;
    mul.epilogue.activation = Activation::kPRelu;
    mul.epilogue.activation_after_residual = true;
    mul.epilogue.slope = random_halves(rng, 8, -0.5, 1.5);
    mul.epilogue.outputs = {{9, {}, {}}};
    builder.add_node("mul", std::move(mul), {7, 8});
    builder.add_node("concat", IntegerConcat{{0.5f, 1.25f, -1.0f}, 10}, {9, 5, 3});
    IntegerAveragePool average{square_window(3, 1, 1), true, 1.5f, {}};
    average.epilogue.outputs = {{11, {}, {}}};
    builder.add_node("average", std::move(average), {10});
    IntegerConv dense = random_conv(24, 10, 4, 1, weight_bits, rng.next_u64());
    dense.window.padding = {};
    dense.multiplier_exponent = -30;
    for (float& multiplier : dense.multiplier) multiplier = std::ldexp(multiplier, -18);
    dense.epilogue = {};
    dense.epilogue.outputs = {{builder.model.output, {}, {}}};
    builder.add_node("dense", std::move(dense), {11});
}

}  // namespace

IntegerModel sample_model(int weight_bits, int activation_bits, uint64_t seed) {
    Rng rng(seed);
    Builder builder("sample");
    const QuantParams quant{activation_bits, 0.037f, 1};
    const QuantParams other{10 - activation_bits, 1.5e-3f, 2};
    builder.add_input(8, 8);
    builder.add_value("full", {8, 8, 8}, quant);
    builder.add_value("full/2", {8, 8, 8}, quant);
    builder.add_value("depthwise", {8, 4, 4}, quant);
    builder.add_value("a name of its own", {8, 4, 4}, quant);
    builder.add_value("add", {8, 4, 4}, quant);
    builder.add_value("affine", {8, 4, 4}, quant);
    builder.add_value("lut", {8, 4, 4}, other);
    builder.add_value("squeeze", {8, 1, 1}, quant);
    builder.add_value("mul", {8, 4, 4}, other);
    builder.add_value("", {24, 4, 4}, quant);
    builder.add_value("average", {24, 4, 4}, quant);
    builder.add_output(10);
    add_convolutions(builder, weight_bits, quant, rng);
    add_elementwise(builder, quant, other, rng);
    add_ending(builder, weight_bits, rng);
    builder.model.input_spec.color_order = ColorOrder::kBgr;
    builder.model.input_spec.mean = {1, 2, 3.5f};
    builder.model.input_spec.std = {4, 5.25f, 6};
    for (int digit = 0; digit < 64; ++digit)
        builder.model.teacher_sha256 += "0123456789abcdef"[rng.below(16)];
    builder.model.record = R"({"weights": 6, "note": "größer"})";
    return std::move(builder.model);
}

namespace {

// Adds a convolution behind the last value that keeps the image's size.
void add_layer(Builder& builder, int out_channels, int kernel, int groups, int weight_bits, bool prelu) {
    const auto input = static_cast<ValueId>(builder.model.values.size() - 1);
    const Shape in = builder.model.values[input].shape;
    const std::string name = "features.block" + std::to_string(builder.model.nodes.size()) + ".conv";
    const ValueId output = builder.add_value(name, {out_channels, in.height, in.width}, {6, 0.02f, 11});
    IntegerConv conv = random_conv(in.channels, out_channels, kernel, groups, weight_bits, output);
    conv.padding_level.assign(in.channels,
                              static_cast<uint8_t>(builder.model.values[input].quant.zero_point));
    if (!prelu) conv.epilogue = {};
    conv.epilogue.outputs = {{output, {}, {}}};
    builder.add_node(name, std::move(conv), {input});
}

}  // namespace

IntegerModel mobile_sized_model(int weight_bits) {
    Builder builder("mobilefacenet");
    builder.add_input(7, 7);
    add_layer(builder, 64, 3, 1, weight_bits, true);
    add_layer(builder, 64, 3, 64, weight_bits, true);
    // (channels in the middle, channels out): the bottlenecks of MobileFaceNet (Chen et al. 2018, table 1)
    std::vector<std::pair<int, int>> blocks(5, {128, 64});
    blocks.emplace_back(256, 128);
    blocks.insert(blocks.end(), 6, {256, 128});
    blocks.emplace_back(512, 128);
    blocks.insert(blocks.end(), 2, {256, 128});
    for (const auto& [middle, out] : blocks) {
        add_layer(builder, middle, 1, 1, weight_bits, true);
        add_layer(builder, middle, 3, middle, weight_bits, true);
        add_layer(builder, out, 1, 1, weight_bits, false);
    }
    add_layer(builder, 512, 1, 1, weight_bits, true);
    const auto last = static_cast<ValueId>(builder.model.values.size() - 1);
    const ValueId pooled = builder.add_value("gdc", {512, 1, 1}, {6, 0.02f, 11});
    IntegerConv pool = random_conv(512, 512, 7, 512, weight_bits, 5);
    pool.window.padding = {};
    pool.epilogue = {};
    pool.epilogue.outputs = {{pooled, {}, {}}};
    builder.add_node("gdc", std::move(pool), {last});
    builder.add_output(128);
    IntegerConv dense = random_conv(512, 128, 1, 1, weight_bits, 6);
    dense.epilogue = {};
    dense.epilogue.outputs = {{builder.model.output, {}, {}}};
    builder.add_node("dense", std::move(dense), {pooled});
    return std::move(builder.model);
}

namespace {

bool same(float a, float b) {
    return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) { return same(x, y); });
}

bool same(const Window& a, const Window& b) {
    return a.kernel_height == b.kernel_height && a.kernel_width == b.kernel_width &&
           a.stride_y == b.stride_y && a.stride_x == b.stride_x && a.dilation_y == b.dilation_y &&
           a.dilation_x == b.dilation_x && a.padding == b.padding;
}

bool same(const Epilogue& a, const Epilogue& b) {
    return a.activation == b.activation && a.activation_after_residual == b.activation_after_residual &&
           same(a.slope, b.slope) && same(a.clip_low, b.clip_low) && same(a.clip_high, b.clip_high) &&
           a.residual == b.residual && same(a.residual_multiplier, b.residual_multiplier) &&
           std::equal(a.outputs.begin(), a.outputs.end(), b.outputs.begin(), b.outputs.end(),
                      [](const IntegerOutput& x, const IntegerOutput& y) {
                          return x.value == y.value && same(x.scale, y.scale) && same(x.shift, y.shift);
                      });
}

bool same(const IntegerConv& a, const IntegerConv& b) {
    return same(a.window, b.window) && a.groups == b.groups && a.weight_bits == b.weight_bits &&
           a.weight == b.weight && a.weight_zero_point == b.weight_zero_point && a.bias == b.bias &&
           a.bias_fraction_bits == b.bias_fraction_bits && same(a.multiplier, b.multiplier) &&
           a.multiplier_exponent == b.multiplier_exponent && a.padding_level == b.padding_level &&
           same(a.epilogue, b.epilogue);
}
bool same(const IntegerAffine& a, const IntegerAffine& b) {
    return same(a.multiplier, b.multiplier) && same(a.shift, b.shift) && same(a.epilogue, b.epilogue);
}
bool same(const IntegerAdd& a, const IntegerAdd& b) {
    return same(a.multiplier_a, b.multiplier_a) && same(a.multiplier_b, b.multiplier_b) &&
           same(a.epilogue, b.epilogue);
}
bool same(const IntegerMul& a, const IntegerMul& b) {
    return same(a.multiplier, b.multiplier) && same(a.epilogue, b.epilogue);
}
bool same(const IntegerLut& a, const IntegerLut& b) {
    return a.table == b.table && a.output == b.output;
}
bool same(const IntegerMaxPool& a, const IntegerMaxPool& b) {
    return same(a.window, b.window) && a.output == b.output;
}
bool same(const IntegerAveragePool& a, const IntegerAveragePool& b) {
    return same(a.window, b.window) && a.count_include_padding == b.count_include_padding &&
           same(a.multiplier, b.multiplier) && same(a.epilogue, b.epilogue);
}
bool same(const IntegerConcat& a, const IntegerConcat& b) {
    return same(a.multiplier, b.multiplier) && a.output == b.output;
}

bool same(const IntegerNode& a, const IntegerNode& b) {
    if (a.name != b.name || a.inputs != b.inputs || a.op.index() != b.op.index()) return false;
    return std::visit([&b](const auto& op) { return same(op, std::get<std::decay_t<decltype(op)>>(b.op)); },
                      a.op);
}

bool same(const IntegerValue& a, const IntegerValue& b) {
    return a.name == b.name && a.shape == b.shape && a.is_float == b.is_float && a.quant == b.quant;
}

}  // namespace

bool same_model(const IntegerModel& a, const IntegerModel& b) {
    const auto equal = [](const auto& x, const auto& y) { return same(x, y); };
    return a.name == b.name && a.input_spec.height == b.input_spec.height &&
           a.input_spec.width == b.input_spec.width && a.input_spec.color_order == b.input_spec.color_order &&
           a.input_spec.mean == b.input_spec.mean && a.input_spec.std == b.input_spec.std &&
           a.input == b.input && a.output == b.output && a.teacher_sha256 == b.teacher_sha256 &&
           a.record == b.record &&
           std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), equal) &&
           std::equal(a.nodes.begin(), a.nodes.end(), b.nodes.begin(), b.nodes.end(), equal);
}

}  // namespace quantface
