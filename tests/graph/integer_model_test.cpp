#include "graph/integer_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/error.h"
#include "sample_integer_model.h"

namespace quantface {
namespace {

// The message with which validate() refuses the model; empty where it accepts it.
std::string refusal(const IntegerModel& model) {
    try {
        validate(model);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        return error.what();
    }
    return {};
}

template <typename Op>
Op& op_of(IntegerModel& model, const std::string& name) {
    for (IntegerNode& node : model.nodes) {
        if (node.name == name) return std::get<Op>(node.op);
    }
    throw std::logic_error("no node " + name);
}

TEST(IntegerModel, AcceptsSamplesOfAllBits) {
    for (int weight_bits = 2; weight_bits <= 8; ++weight_bits) {
        for (int activation_bits = 2; activation_bits <= 8; ++activation_bits) {
            const IntegerModel model = sample_model(weight_bits, activation_bits);
            EXPECT_EQ(refusal(model), "") << weight_bits << activation_bits;
            EXPECT_EQ(refusal(with_asymmetric_weights(model)), "") << weight_bits << activation_bits;
        }
    }
    EXPECT_EQ(refusal(tiny_model()), "");
    EXPECT_EQ(refusal(mobile_sized_model(6)), "");
}

TEST(IntegerModel, NamesOutputsAndEpilogues) {
    const IntegerModel model = sample_model(8, 8);
    const auto& nodes = model.nodes;
    EXPECT_STREQ(op_name(nodes[0].op), "Conv");
    EXPECT_EQ(outputs_of(nodes[0]), (std::vector<ValueId>{1, 2}));
    EXPECT_EQ(epilogue_of(nodes[0]), &std::get<IntegerConv>(nodes[0].op).epilogue);
    EXPECT_STREQ(op_name(nodes[2].op), "MaxPool");
    EXPECT_EQ(outputs_of(nodes[2]), (std::vector<ValueId>{4}));
    EXPECT_EQ(epilogue_of(nodes[2]), nullptr);
    EXPECT_EQ(model.embedding_size(), 10);
}

TEST(IntegerModel, CountsWeightsAndWork) {
    const IntegerModel model = sample_model(3, 8);
    // 8*3*9, 8*9 and 10*24*16 weights of 3 bits, each rounded up to a byte
    EXPECT_EQ(packed_weight_bytes(model), 81u + 27u + 1440u);
    EXPECT_EQ(multiply_accumulates(model, model.nodes[0]), 216 * 64);
    EXPECT_EQ(multiply_accumulates(model, model.nodes[1]), 72 * 16);
    EXPECT_EQ(multiply_accumulates(model, model.nodes[2]), 0);
}

struct Damage {
    const char* what;
    const char* expected;  // a part of the refusal
    std::function<void(IntegerModel&)> apply;
};

void expect_refusals(const std::vector<Damage>& damages) {
    for (const Damage& damage : damages) {
        IntegerModel model = sample_model(4, 5);
        damage.apply(model);
        const std::string message = refusal(model);
        EXPECT_NE(message.find(damage.expected), std::string::npos) << damage.what << ": '" << message << "'";
        EXPECT_EQ(message.find('\n'), std::string::npos);
    }
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(IntegerModel, RefusesDamagedModels) {
    expect_refusals({
        {"no values", "number of values", [](auto& m) { m.values.clear(); }},
        {"too many values", "number of values", [](auto& m) { m.values.resize(65537, m.values[1]); }},
        {"no input", "no value of the model", [](auto& m) { m.input = kNoValue; }},
        {"output out of range", "no value of the model", [](auto& m) { m.output = 13; }},
        {"input is output", "input is the output", [](auto& m) { m.output = m.input; }},
        {"unwritten value", "no node writes", [](auto& m) { m.values.push_back(m.values[1]); }},
        {"teacher", "SHA-256", [](auto& m) { m.teacher_sha256 = "12"; }},
        {"teacher's digits", "SHA-256", [](auto& m) { m.teacher_sha256[5] = 'A'; }},
        {"record", "record is not UTF-8", [](auto& m) { m.record = "\xff"; }},
        {"large record", "larger than 1 MiB", [](auto& m) { m.record.resize((1 << 20) + 1, ' '); }},
        {"escape in a name", "printable", [](auto& m) { m.nodes[1].name = "a\x1b[2J"; }},
        {"lines in a name", "printable", [](auto& m) { m.values[1].name = "a\nb"; }},
        {"long name", "1024", [](auto& m) { m.name.resize(1025, 'a'); }},
        {"input size", "stated size", [](auto& m) { m.input_spec.height = 9; }},
        {"input channels", "stated size", [](auto& m) { m.values[0].shape.channels = 1; }},
        {"input scale", "not pixels", [](auto& m) { m.values[0].quant.scale = 2; }},
        {"mean", "mean or standard", [](auto& m) { m.input_spec.mean[1] = kNan; }},
        {"deviation", "mean or standard", [](auto& m) { m.input_spec.std[2] = 0; }},
    });
}

TEST(IntegerModel, RefusesDamagedValues) {
    expect_refusals({
        {"channels", "channels are not in", [](auto& m) { m.values[1].shape.channels = 0; }},
        {"many channels", "channels are not in", [](auto& m) { m.values[1].shape.channels = 65537; }},
        {"height", "height or width", [](auto& m) { m.values[1].shape.height = -1; }},
        {"size", "2^27",
         [](auto& m) {
             m.values[1].shape = {1 << 10, 1 << 9, 1 << 9};
         }},
        {"sum of sizes", "too large",
         [](auto& m) {
             for (int i = 1; i < 12; ++i) m.values[i].shape = {1 << 9, 1 << 9, 1 << 9};
         }},
        {"bits", "bits are not in", [](auto& m) { m.values[1].quant.bits = 1; }},
        {"many bits", "bits are not in", [](auto& m) { m.values[1].quant.bits = 9; }},
        {"scale", "scale is not", [](auto& m) { m.values[1].quant.scale = 0; }},
        {"scale NaN", "scale is not", [](auto& m) { m.values[1].quant.scale = kNan; }},
        {"zero point", "zero point", [](auto& m) { m.values[1].quant.zero_point = 32; }},
        {"float inside", "has to be float", [](auto& m) { m.values[3].is_float = true; }},
        {"levels outside", "has to be float", [](auto& m) { m.values[12].is_float = false; }},
        {"embedding's plane", "one vector",
         [](auto& m) {
             m.values[12].shape = {10, 1, 2};
         }},
        {"shape", "gives 8x8x8, not 8x8x9", [](auto& m) { m.values[1].shape.width = 9; }},
    });
}

TEST(IntegerModel, RefusesDamagedConnections) {
    expect_refusals({
        {"reads later", "nothing before it", [](auto& m) { std::swap(m.nodes[0], m.nodes[1]); }},
        {"reads nothing", "nothing before it", [](auto& m) { m.nodes[1].inputs[0] = 99; }},
        {"reads itself", "nothing before it", [](auto& m) { m.nodes[1].inputs[0] = 3; }},
        {"reads a negative one", "nothing before it", [](auto& m) { m.nodes[1].inputs[0] = -5; }},
        {"reads the embedding", "reads the embedding",
         [](auto& m) {
             m.values.push_back(m.values[11]);
             m.values[13].shape = {10, 1, 1};
             IntegerAffine affine{std::vector<float>(10), std::vector<float>(10), {}};
             affine.epilogue.outputs = {{13, {}, {}}};
             m.nodes.push_back({"late", affine, {12}});
         }},
        {"two writers", "writer already", [](auto& m) { op_of<IntegerLut>(m, "lut").output = 6; }},
        {"writes nothing", "does not have", [](auto& m) { op_of<IntegerLut>(m, "lut").output = -1; }},
        {"writes twice", "writer already",
         [](auto& m) { op_of<IntegerConv>(m, "full").epilogue.outputs[1].value = 1; }},
        {"no outputs", "neither 1 nor 2",
         [](auto& m) { op_of<IntegerAdd>(m, "add").epilogue.outputs.clear(); }},
        {"two direct", "two direct outputs",
         [](auto& m) {
             auto& second = op_of<IntegerConv>(m, "full").epilogue.outputs[1];
             second.scale.clear();
             second.shift.clear();
         }},
        {"half affine", "output shift",
         [](auto& m) { op_of<IntegerConv>(m, "full").epilogue.outputs[1].shift.clear(); }},
        {"inputs", "needs 1 input", [](auto& m) { m.nodes[0].inputs.push_back(0); }},
        {"no inputs", "needs 2 input", [](auto& m) { m.nodes[3].inputs.clear(); }},
        {"residual shape", "residual of 8x8x8",
         [](auto& m) { op_of<IntegerMul>(m, "mul").epilogue.residual = 1; }},
        {"residual later", "nothing before it",
         [](auto& m) { op_of<IntegerMul>(m, "mul").epilogue.residual = 10; }},
        {"residual multiplier", "multiplier is not finite",
         [](auto& m) { op_of<IntegerMul>(m, "mul").epilogue.residual_multiplier = kInfinity; }},
    });
}

TEST(IntegerModel, RefusesDamagedConvolutions) {
    const auto full = [](IntegerModel& m) -> IntegerConv& { return op_of<IntegerConv>(m, "full"); };
    expect_refusals({
        {"weights", "number of weights", [&](auto& m) { full(m).weight.pop_back(); }},
        {"no bias", "output channels", [&](auto& m) { full(m).bias.clear(); }},
        {"weight bits", "weight bits", [&](auto& m) { full(m).weight_bits = 9; }},
        {"weight", "does not fit its bits", [&](auto& m) { full(m).weight[7] = 8; }},
        {"smallest weight", "does not fit its bits", [&](auto& m) { full(m).weight[7] = -8; }},
        {"accumulator", "leave int32", [&](auto& m) { full(m).bias[3] = 0x7fffffff; }},
        {"smallest bias", "leave int32",
         [&](auto& m) { full(m).bias[3] = std::numeric_limits<int32_t>::min(); }},
        {"multipliers", "multiplier: 8 numbers", [&](auto& m) { full(m).multiplier.pop_back(); }},
        {"multiplier", "binary16", [&](auto& m) { full(m).multiplier[2] = 0.1f; }},
        {"huge multiplier", "binary16", [&](auto& m) { full(m).multiplier[2] = 65536.0f; }},
        {"NaN multiplier", "not finite", [&](auto& m) { full(m).multiplier[2] = kNan; }},
        {"exponent", "exponent", [&](auto& m) { full(m).multiplier_exponent = 1000; }},
        {"groups", "groups", [&](auto& m) { full(m).groups = 2; }},
        {"no groups", "groups", [&](auto& m) { full(m).groups = 0; }},
        {"stride", "out of range", [&](auto& m) { full(m).window.stride_x = 0; }},
        {"padding", "out of range", [&](auto& m) { full(m).window.padding.left = -1; }},
        {"dilation", "larger than the padded", [&](auto& m) { full(m).window.dilation_x = 40; }},
        {"padding levels", "padding levels", [&](auto& m) { full(m).padding_level.clear(); }},
        {"padding level", "padding level",
         [](auto& m) { op_of<IntegerConv>(m, "depthwise").padding_level[1] = 32; }},
        {"slopes", "slope: 8 numbers", [&](auto& m) { full(m).epilogue.slope.pop_back(); }},
        {"slope", "slope is not a binary16", [&](auto& m) { full(m).epilogue.slope[0] = 0.1f; }},
        {"infinite slope", "slope: a number is not finite",
         [&](auto& m) { full(m).epilogue.slope[0] = kInfinity; }},
        {"slopes without PReLU", "no PReLU",
         [&](auto& m) { full(m).epilogue.activation = Activation::kNone; }},
        {"activation", "activation is unknown",
         [](auto& m) {
             op_of<IntegerConv>(m, "depthwise").epilogue.activation = static_cast<Activation>(3);
         }},
        {"clip", "lower bound", [](auto& m) { op_of<IntegerConv>(m, "depthwise").epilogue.clip_high = -1; }},
        {"clip NaN", "lower bound",
         [](auto& m) { op_of<IntegerConv>(m, "depthwise").epilogue.clip_low = kNan; }},
        {"clip at infinity", "1e30",
         [](auto& m) {
             op_of<IntegerConv>(m, "depthwise").epilogue.clip_low = kInfinity;
             op_of<IntegerConv>(m, "depthwise").epilogue.clip_high = kInfinity;
         }},
        {"overflow of reals", "1e30", [&](auto& m) { full(m).epilogue.outputs[1].scale[0] = 1e30f; }},
    });
}

TEST(IntegerModel, RefusesDamagedAsymmetricWeights) {
    const auto refuses = [](const char* expected, const std::function<void(IntegerConv&)>& apply) {
        IntegerModel model = with_asymmetric_weights(sample_model(4, 5));
        apply(op_of<IntegerConv>(model, "full"));
        EXPECT_NE(refusal(model).find(expected), std::string::npos) << refusal(model);
    };
    refuses("number of the weights' zero points", [](auto& conv) { conv.weight_zero_point.pop_back(); });
    refuses("number of the weights' zero points", [](auto& conv) { conv.weight_zero_point.push_back(0); });
    refuses("zero point is not a level", [](auto& conv) { conv.weight_zero_point[2] = 16; });
    refuses("zero point is not a level", [](auto& conv) { conv.weight_zero_point[7] = 255; });
    refuses("does not fit its bits", [](auto& conv) { conv.weight[3] = 8; });
    refuses("does not fit its bits", [](auto& conv) { conv.weight[3] = -9; });
    // Symmetric weights never are the least number of their bits.
    refuses("does not fit its bits", [](auto& conv) { conv.weight_zero_point.clear(); });
}

TEST(IntegerModel, OffsetsOfAsymmetricWeights) {
    IntegerConv conv;
    EXPECT_EQ(conv.weight_offset(5), 0);
    conv.weight_zero_point = {0, 128, 255};
    EXPECT_EQ(conv.weight_offset(0), 128);
    EXPECT_EQ(conv.weight_offset(1), 0);
    EXPECT_EQ(conv.weight_offset(2), -127);
    conv.weight_bits = 2;
    conv.weight_zero_point = {0, 3};
    EXPECT_EQ(conv.weight_offset(0), 2);
    EXPECT_EQ(conv.weight_offset(1), -1);
}

// The weights' own sum and the offsets' are bounded together, as kernels may add them up apart.
TEST(IntegerModel, AcceptsTheLargestAccumulatorOfAsymmetricWeights) {
    IntegerModel model = tiny_model();
    auto& conv = std::get<IntegerConv>(model.nodes[0].op);
    conv.weight_bits = 8;
    conv.weight.assign(conv.weight.size(), -128);
    conv.weight_zero_point = {0, 255};
    const int32_t max = std::numeric_limits<int32_t>::max();
    conv.bias = {max - 12 * (128 + 128) * 255, -(max - 12 * (128 + 127) * 255)};
    EXPECT_EQ(refusal(model), "");
    ++conv.bias[0];
    EXPECT_NE(refusal(model).find("leave int32"), std::string::npos);
    --conv.bias[0];
    --conv.bias[1];
    EXPECT_NE(refusal(model).find("leave int32"), std::string::npos);
}

TEST(IntegerModel, RefusesOtherDamagedOperations) {
    const auto average = [](IntegerModel& m) -> IntegerAveragePool& {
        return op_of<IntegerAveragePool>(m, "average");
    };
    expect_refusals({
        {"table", "one entry", [](auto& m) { op_of<IntegerLut>(m, "lut").table.pop_back(); }},
        {"table entry", "table entry", [](auto& m) { op_of<IntegerLut>(m, "lut").table[3] = 32; }},
        {"maximum's quantization", "quantized as the input",
         [](auto& m) { m.values[4].quant.zero_point = 2; }},
        {"pool's padding", "as large as the window",
         [](auto& m) { op_of<IntegerMaxPool>(m, "max").window.padding.bottom = 2; }},
        {"pool's dilation", "dilation", [&](auto& m) { average(m).window.dilation_y = 2; }},
        {"pool's multiplier", "not finite", [&](auto& m) { average(m).multiplier = kNan; }},
        {"pool's sum", "", [&](auto& m) { average(m).window.kernel_height = 4096; }},
        {"concat's multipliers", "3 numbers",
         [](auto& m) { op_of<IntegerConcat>(m, "concat").multiplier = {1}; }},
        {"concat's sizes", "differ", [](auto& m) { m.nodes[8].inputs[0] = 1; }},
        {"affine's shift", "shift: 8 numbers",
         [](auto& m) { op_of<IntegerAffine>(m, "affine").shift = {1}; }},
        {"add's shapes", "cannot combine", [](auto& m) { m.nodes[3].inputs[0] = 1; }},
        {"add's multiplier", "1e30", [](auto& m) { op_of<IntegerAdd>(m, "add").multiplier_a = 1e30f; }},
        {"mul's multiplier", "not finite",
         [](auto& m) { op_of<IntegerMul>(m, "mul").multiplier = -kInfinity; }},
        {"embedding from concat", "cannot write the embedding",
         [](auto& m) {
             m.nodes.pop_back();
             m.values[12].shape = {10, 1, 1};
             m.values.push_back(m.values[11]);
             m.values[13].shape = {10, 1, 1};
             IntegerConv dense = random_conv(24, 10, 4, 1, 4, 1);
             dense.window.padding = {};
             dense.epilogue.outputs = {{13, {}, {}}};
             m.nodes.push_back({"dense", dense, {11}});
             m.nodes.push_back({"late", IntegerConcat{{1}, 12}, {13}});
         }},
    });
}

TEST(IntegerModel, AcceptsTheLargestAccumulator) {
    IntegerModel model = tiny_model();
    auto& conv = std::get<IntegerConv>(model.nodes[0].op);
    conv.weight_bits = 8;
    conv.weight.assign(conv.weight.size(), -127);
    const int32_t largest_sum = 12 * 127 * 255;
    conv.bias = {std::numeric_limits<int32_t>::max() - largest_sum, -conv.bias[0]};
    conv.bias[1] = -conv.bias[0];
    EXPECT_EQ(refusal(model), "");
    ++conv.bias[0];
    EXPECT_NE(refusal(model).find("leave int32"), std::string::npos);
}

TEST(IntegerModel, AcceptsAClipWithoutUpperBound) {
    IntegerModel model = sample_model(4, 4);
    op_of<IntegerConv>(model, "depthwise").epilogue.clip_high = kInfinity;
    EXPECT_EQ(refusal(model), "");
}

TEST(IntegerModel, AMultiplierMayBeASubnormalHalf) {
    IntegerModel model = tiny_model();
    auto& conv = std::get<IntegerConv>(model.nodes[0].op);
    conv.multiplier_exponent = 3;
    conv.multiplier = {std::ldexp(3.0f, -24 + 3), -0.0f};
    EXPECT_EQ(refusal(model), "");
    conv.multiplier[0] = std::ldexp(3.0f, -25 + 3);
    EXPECT_NE(refusal(model).find("binary16"), std::string::npos);
}

TEST(IntegerModel, RefusesTooMuchWork) {
    // 2^15 * 2^12 pixels, a window of 2^12 * 2^12: the sizes are allowed, 2^51 reads are not
    IntegerModel model = tiny_model();
    model.input_spec.height = model.input_spec.width = 4096;
    model.values[0].shape = {3, 4096, 4096};
    model.values.push_back({"pooled", {3, 4096, 4096}, false, QuantParams{}});
    Window window{2047, 2047, 1, 1, 1, 1, {1023, 1023, 1023, 1023}};
    model.nodes.insert(model.nodes.begin(), {"pool", IntegerMaxPool{window, 2}, {0}});
    EXPECT_NE(refusal(model).find("2^40"), std::string::npos) << refusal(model);
}

}  // namespace
}  // namespace quantface
