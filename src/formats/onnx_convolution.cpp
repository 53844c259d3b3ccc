// Conv, Gemm and MatMul: whatever multiplies by a matrix of weights.
#include <cmath>

#include "formats/onnx_operators.h"
#include "formats/onnx_window.h"

namespace quantface {

void import_conv(OnnxNode& node) {
    node.expect_inputs(2, 3);
    const OnnxImageValue& value = node.picture(0);
    const OnnxConstantPtr weight = node.float_constant(1, "weight");
    if (weight->dims.size() != 4) {
        node.refuse("has a weight of " + std::to_string(weight->dims.size()) +
                    " dimensions; only convolutions over height and width are supported");
    }
    const auto kernel = node.integers("kernel_shape");
    if (!kernel.empty() && kernel != std::vector<int64_t>{weight->dims[2], weight->dims[3]}) {
        node.refuse("has a kernel_shape that does not fit its weight");
    }
    ConvOp conv;
    conv.window = read_onnx_window(node, weight->dims[2], weight->dims[3], node.shape_of(value));
    const int64_t groups = node.integer("group", 1);
    if (groups < 1 || groups > node.shape_of(value).channels) node.refuse("has 'group' out of range");
    conv.groups = static_cast<int>(groups);
    if (node.has_input(2)) conv.bias = node.copy(node.float_constant(2, "bias")->floats());
    conv.weight = {weight->dims, node.copy(weight->floats())};
    node.finish(std::move(conv), {value.id}, value);
}

namespace {

// (in, out) or, transposed, (out, in), both times `factor`, as (out, in).
Tensor gemm_weight(OnnxNode& node, const OnnxConstant& constant, bool transposed, float factor) {
    if (constant.dims.size() != 2) node.refuse("has a weight that is not of 2 dimensions");
    Tensor weight{constant.dims, node.copy(constant.floats())};
    if (!transposed) {
        const int64_t in = constant.dims[0], out = constant.dims[1];
        weight.dims = {out, in};
        for (int64_t i = 0; i < in; ++i) {
            for (int64_t o = 0; o < out; ++o) weight.data[o * in + i] = constant.floats()[i * out + o];
        }
    }
    if (factor != 1) {
        for (float& number : weight.data) number *= factor;
    }
    return weight;
}

const OnnxImageValue& features(OnnxNode& node) {
    const OnnxImageValue& value = node.image(0);
    if (value.dims.size() != 1) {
        node.refuse("reads a value that is not of 2 dimensions (batch, features), which is not supported");
    }
    return value;
}

}  // namespace

void import_gemm(OnnxNode& node) {
    node.expect_inputs(2, 3);
    const OnnxImageValue& value = features(node);
    if (node.integer("transA", 0) != 0) node.refuse("has transA, which is not supported");
    const float alpha = node.number("alpha", 1), beta = node.number("beta", 1);
    if (!std::isfinite(alpha) || !std::isfinite(beta)) node.refuse("has an attribute that is not finite");
    GemmOp gemm;
    gemm.weight = gemm_weight(node, *node.float_constant(1, "weight"), node.integer("transB", 0) != 0, alpha);
    if (node.has_input(2)) {
        const OnnxImageValue result{kNoValue, {gemm.weight.dims[0]}};
        gemm.bias = node.per_channel(*node.float_constant(2, "bias"), result, "bias");
        for (float& number : gemm.bias) number *= beta;
    }
    node.finish(std::move(gemm), {value.id}, value);
}

void import_matmul(OnnxNode& node) {
    node.expect_inputs(2, 2);
    if (node.is_constant(0)) node.refuse("has a constant on the left, which is not supported");
    const OnnxImageValue& value = features(node);
    GemmOp gemm;
    gemm.weight = gemm_weight(node, *node.float_constant(1, "right side"), false, 1);
    node.finish(std::move(gemm), {value.id}, value);
}

}  // namespace quantface
