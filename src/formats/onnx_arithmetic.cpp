// Add, Sub, Mul, Div and their like between images, or between an image and a constant.
#include <cmath>

#include "formats/onnx_operators.h"

namespace quantface {

namespace {

void finish_affine(OnnxNode& node, const OnnxImageValue& value, std::vector<float> scale,
                   std::vector<float> shift) {
    node.finish(AffineOp{std::move(scale), std::move(shift)}, {value.id}, value);
}

std::vector<float> negated(std::vector<float> numbers) {
    for (float& number : numbers) number = -number;
    return numbers;
}

// Both depend on the image. Which shapes go together is the graph's to say.
void finish_binary(OnnxNode& node, Op op) {
    const OnnxImageValue &a = node.image(0), &b = node.image(1);
    if (a.dims.size() != b.dims.size()) {
        node.refuse("combines values of different numbers of dimensions, which is not supported");
    }
    node.finish(std::move(op), {a.id, b.id}, a);
}

}  // namespace

void import_add(OnnxNode& node) {
    node.expect_inputs(2, 2);
    if (!node.is_constant(0) && !node.is_constant(1)) return finish_binary(node, AddOp{});
    const int constant = node.is_constant(1) ? 1 : 0;
    const OnnxImageValue& value = node.image(1 - constant);
    auto shift = node.per_channel(*node.constant(constant, "constant"), value, "constant");
    finish_affine(node, value, node.filled(value.dims[0], 1), std::move(shift));
}

void import_sub(OnnxNode& node) {
    node.expect_inputs(2, 2);
    if (!node.is_constant(0) && !node.is_constant(1)) return finish_binary(node, SubOp{});
    const int constant = node.is_constant(1) ? 1 : 0;
    const OnnxImageValue& value = node.image(1 - constant);
    auto shift = node.per_channel(*node.constant(constant, "constant"), value, "constant");
    if (constant == 1) {
        finish_affine(node, value, node.filled(value.dims[0], 1), negated(std::move(shift)));
    } else {
        finish_affine(node, value, node.filled(value.dims[0], -1), std::move(shift));
    }
}

void import_mul(OnnxNode& node) {
    node.expect_inputs(2, 2);
    if (!node.is_constant(0) && !node.is_constant(1)) return finish_binary(node, MulOp{});
    const int constant = node.is_constant(1) ? 1 : 0;
    const OnnxImageValue& value = node.image(1 - constant);
    auto scale = node.per_channel(*node.constant(constant, "constant"), value, "constant");
    finish_affine(node, value, std::move(scale), node.filled(value.dims[0], 0));
}

void import_div(OnnxNode& node) {
    node.expect_inputs(2, 2);
    if (!node.is_constant(1)) {
        node.refuse("divides by a value that depends on the image, which is not supported");
    }
    const OnnxImageValue& value = node.image(0);
    auto scale = node.per_channel(*node.constant(1, "divisor"), value, "divisor");
    for (float& number : scale) number = static_cast<float>(1.0 / static_cast<double>(number));
    for (const float number : scale) {
        if (!std::isfinite(number)) node.refuse("divides by zero");
    }
    finish_affine(node, value, std::move(scale), node.filled(value.dims[0], 0));
}

void import_neg(OnnxNode& node) {
    node.expect_inputs(1, 1);
    const OnnxImageValue& value = node.image(0);
    finish_affine(node, value, node.filled(value.dims[0], -1), node.filled(value.dims[0], 0));
}

void import_pow(OnnxNode& node) {
    node.expect_inputs(2, 2);
    const OnnxImageValue& value = node.image(0);
    const OnnxConstantPtr exponent = node.constant(1, "exponent");
    const bool is_two = exponent->element_count() == 1 &&
                        (exponent->is_integer() ? exponent->integers()[0] == 2 : exponent->floats()[0] == 2);
    if (!is_two) node.refuse("has another exponent than 2, which is not supported");
    node.finish(MulOp{}, {value.id, value.id}, value);
}

void import_sum(OnnxNode& node) {
    if (node.input_count() < 1) node.refuse("has no input");
    const OnnxImageValue& first = node.image(0);
    if (node.input_count() == 1) return node.finish(IdentityOp{}, {first.id}, first);
    ValueId sum = first.id;
    for (int index = 1; index < node.input_count(); ++index) {
        const OnnxImageValue& next = node.image(index);
        if (next.dims.size() != first.dims.size()) {
            node.refuse("combines values of different numbers of dimensions, which is not supported");
        }
        if (index + 1 == node.input_count()) return node.finish(AddOp{}, {sum, next.id}, first);
        sum = node.emit(AddOp{}, {sum, next.id}, "/part" + std::to_string(index));
    }
}

}  // namespace quantface
