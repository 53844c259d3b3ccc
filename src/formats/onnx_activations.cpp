// Batch normalisation and everything that acts on each number by itself.
#include <limits>

#include "formats/onnx_operators.h"

namespace quantface {

namespace {
void import_elementwise(OnnxNode& node, Op op) {
    node.expect_inputs(1, 1);
    const OnnxImageValue& value = node.image(0);
    node.finish(std::move(op), {value.id}, value);
}
}  // namespace

void import_batch_normalization(OnnxNode& node) {
    node.expect_inputs(5, 5);
    const OnnxImageValue& value = node.image(0);
    // spatial = 0 asks for numbers of each pixel, but old exporters write it with numbers of each channel,
    // and mean those. Where there really is one for each pixel, their count will not fit.
    node.ignore_attributes({"momentum", "is_test", "consumed_inputs", "spatial"});
    if (node.integer("training_mode", 0) != 0) {
        node.refuse("is in training mode; export the network for inference");
    }
    BatchNormOp norm;
    norm.epsilon = node.number("epsilon", 1e-5f);
    norm.scale = node.copy(node.float_constant(1, "scale")->floats());
    norm.bias = node.copy(node.float_constant(2, "bias")->floats());
    norm.mean = node.copy(node.float_constant(3, "mean")->floats());
    norm.variance = node.copy(node.float_constant(4, "variance")->floats());
    node.finish(std::move(norm), {value.id}, value);
}

void import_prelu(OnnxNode& node) {
    node.expect_inputs(2, 2);
    const OnnxImageValue& value = node.image(0);
    OnnxConstant slope = *node.float_constant(1, "slope");
    // One dimension means the last one, the width; operator sets up to 6, and exporters that never followed,
    // mean the channels. Both readings fit only where the width happens to equal the channels.
    if (slope.dims.size() == 1 && value.dims.size() == 3 && slope.dims[0] == value.dims[0] &&
        (slope.dims[0] != value.dims[2] || node.context().opset < 7)) {
        slope.dims = {slope.dims[0], 1, 1};
    }
    node.finish(PReluOp{node.per_channel(slope, value, "slope")}, {value.id}, value);
}

void import_relu(OnnxNode& node) {
    node.ignore_attributes({"consumed_inputs"});
    import_elementwise(node, ReluOp{});
}

void import_leaky_relu(OnnxNode& node) {
    node.ignore_attributes({"consumed_inputs"});
    import_elementwise(node, LeakyReluOp{node.number("alpha", 0.01f)});
}

void import_sigmoid(OnnxNode& node) {
    node.ignore_attributes({"consumed_inputs"});
    import_elementwise(node, SigmoidOp{});
}

void import_hard_sigmoid(OnnxNode& node) {
    node.ignore_attributes({"consumed_inputs"});
    import_elementwise(node, HardSigmoidOp{node.number("alpha", 0.2f), node.number("beta", 0.5f)});
}

void import_hard_swish(OnnxNode& node) {
    import_elementwise(node, HardSwishOp{});
}

void import_clip(OnnxNode& node) {
    node.expect_inputs(1, 3);
    const OnnxImageValue& value = node.image(0);
    node.ignore_attributes({"consumed_inputs"});
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    // Attributes up to operator set 10, inputs from 11; files write "no bound" as the largest float too.
    ClipOp clip{node.number("min", -kInfinity), node.number("max", kInfinity)};
    if (node.has_input(1)) clip.low = node.scalar(1, "lower bound");
    if (node.has_input(2)) clip.high = node.scalar(2, "upper bound");
    if (clip.high == std::numeric_limits<float>::max()) clip.high = kInfinity;
    if (clip.low == std::numeric_limits<float>::lowest()) clip.low = -kInfinity;
    if (clip.low == 0 && clip.high == kInfinity) {
        node.finish(ReluOp{}, {value.id}, value);
    } else {
        node.finish(clip, {value.id}, value);
    }
}

}  // namespace quantface
