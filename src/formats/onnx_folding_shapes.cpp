// Constants themselves, and their dimensions renamed while the file is read.
#include <algorithm>

#include "formats/onnx_operators.h"
#include "formats/onnx_shape_arithmetic.h"

namespace quantface {

namespace {

// The input's numbers under other dimensions.
void finish_renamed(OnnxNode& node, const OnnxConstant& input, std::vector<int64_t> dims) {
    node.context().charge(input.element_count());
    node.set_output(OnnxConstant{std::move(dims), input.data});
}

// The numbers of a shape that a node is given; the batch's size is none.
std::vector<int64_t> shape_input(OnnxNode& node, int index) {
    std::vector<int64_t> shape = node.integer_constant(index, "shape")->integers();
    if (std::find(shape.begin(), shape.end(), kBatchSize) != shape.end()) {
        node.refuse("makes a constant as long as the batch, which is not supported");
    }
    if (shape.size() > 8) node.refuse("makes a constant of too many dimensions");
    return shape;
}

}  // namespace

void fold_constant(OnnxNode& node) {
    node.expect_inputs(0, 0);
    OnnxConstant constant;
    if (const onnx::TensorProto* tensor = node.tensor("value")) {
        constant = node.context().decode(*tensor);
    } else if (node.has_attribute("value_float")) {
        constant.data = std::vector<float>{node.number("value_float", 0)};
    } else if (node.has_attribute("value_int")) {
        constant.data = std::vector<int64_t>{std::max(node.integer("value_int", 0), kBatchSize + 1)};
    } else if (node.has_attribute("value_floats")) {
        auto numbers = node.numbers("value_floats");
        node.context().charge(static_cast<int64_t>(numbers.size()));
        constant.dims = {static_cast<int64_t>(numbers.size())};
        constant.data = std::move(numbers);
    } else if (node.has_attribute("value_ints")) {
        auto numbers = node.integers("value_ints");
        node.context().charge(static_cast<int64_t>(numbers.size()));
        for (int64_t& number : numbers) number = std::max(number, kBatchSize + 1);
        constant.dims = {static_cast<int64_t>(numbers.size())};
        constant.data = std::move(numbers);
    } else {
        node.refuse("holds no tensor or number");
    }
    node.set_output(std::move(constant));
}

void fold_constant_of_shape(OnnxNode& node) {
    node.expect_inputs(1, 1);
    OnnxConstant constant;
    constant.dims = shape_input(node, 0);
    const int64_t count = element_count(node, constant.dims);
    node.context().charge(count);
    OnnxConstant value{{}, std::vector<float>{0}};
    if (const onnx::TensorProto* tensor = node.tensor("value")) value = node.context().decode(*tensor);
    if (value.element_count() != 1) node.refuse("has a value that is not one number");
    if (value.is_integer()) {
        constant.data = std::vector<int64_t>(static_cast<size_t>(count), value.integers()[0]);
    } else {
        constant.data = std::vector<float>(static_cast<size_t>(count), value.floats()[0]);
    }
    node.set_output(std::move(constant));
}

void fold_identity(OnnxNode& node) {
    node.expect_inputs(1, 1);
    node.set_output(node.input(0));
}

void fold_reshape(OnnxNode& node) {
    node.expect_inputs(1, 2);
    const OnnxConstantPtr input = node.constant(0, "input");
    std::vector<int64_t> target = node.integers("shape");
    if (node.has_input(1)) target = shape_input(node, 1);
    finish_renamed(node, *input, reshaped_dims(node, input->dims, std::move(target)));
}

void fold_flatten(OnnxNode& node) {
    node.expect_inputs(1, 1);
    const OnnxConstantPtr input = node.constant(0, "input");
    const auto rank = static_cast<int64_t>(input->dims.size());
    int64_t axis = node.integer("axis", 1);
    if (axis < -rank || axis > rank) node.refuse("has an axis out of range");
    if (axis < 0) axis += rank;
    const auto split = input->dims.begin() + axis;
    finish_renamed(
        node, *input,
        {element_count(node, {input->dims.begin(), split}), element_count(node, {split, input->dims.end()})});
}

void fold_squeeze(OnnxNode& node) {
    node.expect_inputs(1, 2);
    const OnnxConstantPtr input = node.constant(0, "input");
    const auto axes = node.axes(static_cast<int64_t>(input->dims.size()));
    finish_renamed(node, *input, squeezed_dims(node, input->dims, axes));
}

void fold_unsqueeze(OnnxNode& node) {
    node.expect_inputs(1, 2);
    const OnnxConstantPtr input = node.constant(0, "input");
    size_t added = node.integers("axes").size();
    if (node.has_input(1)) added = node.integer_constant(1, "list of axes")->integers().size();
    if (added > 8) node.refuse("adds too many dimensions");
    const auto axes = node.axes(static_cast<int64_t>(input->dims.size() + added));
    finish_renamed(node, *input, unsqueezed_dims(input->dims, axes));
}

void fold_shape(OnnxNode& node) {
    node.expect_inputs(1, 1);
    const OnnxConstantPtr input = node.constant(0, "input");
    if (node.integer("start", 0) != 0 || node.has_attribute("end")) {
        node.refuse("reads part of a constant's shape, which is not supported");
    }
    node.set_output(OnnxConstant{{static_cast<int64_t>(input->dims.size())}, input->dims});
}

}  // namespace quantface
