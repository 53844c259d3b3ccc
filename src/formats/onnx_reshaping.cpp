// Operators that move or rename the numbers of an image but compute nothing. The batch is the first dimension
// and stays the first.
#include <algorithm>

#include "formats/onnx_operators.h"
#include "formats/onnx_shape_arithmetic.h"

namespace quantface {

namespace {

// All dimensions, the batch as 1.
std::vector<int64_t> with_batch(const OnnxImageValue& value) {
    std::vector<int64_t> dims{1};
    dims.insert(dims.end(), value.dims.begin(), value.dims.end());
    return dims;
}

void finish_with_batch(OnnxNode& node, const OnnxImageValue& value, const std::vector<int64_t>& dims) {
    if (dims.empty() || dims[0] != 1) {
        node.refuse("mixes the batch with other dimensions, which is not supported");
    }
    node.finish_view(value, {dims.begin() + 1, dims.end()});
}

}  // namespace

void import_identity(OnnxNode& node) {
    node.expect_inputs(1, 1);
    const OnnxImageValue& value = node.any_view(0);
    node.finish_view(value, value.dims);
}

void import_dropout(OnnxNode& node) {
    node.expect_inputs(1, 3);
    node.ignore_attributes({"ratio", "is_test", "seed", "consumed_inputs"});
    if (node.has_input(2)) {
        const auto training = node.integer_constant(2, "training mode");
        if (training->element_count() != 1 || training->integers()[0] != 0) {
            node.refuse("is in training mode; export the network for inference");
        }
    }
    const OnnxImageValue& value = node.any_view(0);
    node.finish_view(value, value.dims);
}

void import_cast(OnnxNode& node) {
    node.expect_inputs(1, 1);
    node.ignore_attributes({"saturate"});
    const int64_t type = node.integer("to", 0);
    if (type != onnx::TensorProto::FLOAT && type != onnx::TensorProto::DOUBLE &&
        type != onnx::TensorProto::FLOAT16) {
        node.refuse("makes integers out of the image's numbers, which is not supported");
    }
    const OnnxImageValue& value = node.any_view(0);
    node.finish_view(value, value.dims);
}

void import_flatten(OnnxNode& node) {
    node.expect_inputs(1, 1);
    const OnnxImageValue& value = node.any_view(0);
    const auto rank = static_cast<int64_t>(value.dims.size()) + 1;
    if (node.checked_axis(node.integer("axis", 1), rank) != 1) {
        node.refuse("flattens from another axis than 1, which is not supported");
    }
    node.finish_view(value, {element_count(node, value.dims)});
}

void import_reshape(OnnxNode& node) {
    node.expect_inputs(1, 2);
    const OnnxImageValue& value = node.any_view(0);
    // An attribute up to operator set 4.
    std::vector<int64_t> target = node.integers("shape");
    if (node.has_input(1)) target = node.integer_constant(1, "shape")->integers();
    if (target.empty()) node.refuse("drops the batch dimension, which is not supported");
    if (target[0] == kBatchSize || target[0] == 0) target[0] = 1;
    for (const int64_t dim : target) {
        if (dim == kBatchSize) node.refuse("moves the batch dimension, which is not supported");
        if (dim < -1) node.refuse("reshapes to a negative dimension");
    }
    finish_with_batch(node, value, reshaped_dims(node, with_batch(value), std::move(target)));
}

void import_squeeze(OnnxNode& node) {
    node.expect_inputs(1, 2);
    const OnnxImageValue& value = node.any_view(0);
    const auto dims = with_batch(value);
    const auto axes = node.axes(static_cast<int64_t>(dims.size()));
    // Without axes every 1 goes; a batch of 1 goes with them.
    const bool drops_batch = axes.empty() ? !node.context().any_batch : axes[0] == 0;
    if (drops_batch) node.refuse("drops the batch dimension, which is not supported; name the axes");
    if (axes.empty()) return node.finish_view(value, squeezed_dims(node, value.dims, {}));
    finish_with_batch(node, value, squeezed_dims(node, dims, axes));
}

void import_unsqueeze(OnnxNode& node) {
    node.expect_inputs(1, 2);
    const OnnxImageValue& value = node.any_view(0);
    const auto dims = with_batch(value);
    auto axes = node.integers("axes");
    if (node.has_input(1)) axes = node.integer_constant(1, "list of axes")->integers();
    if (axes.empty() || axes.size() > 8) node.refuse("has no usable list of axes");
    axes = node.axes(static_cast<int64_t>(dims.size() + axes.size()));
    if (axes[0] == 0) node.refuse("moves the batch dimension, which is not supported");
    finish_with_batch(node, value, unsqueezed_dims(dims, axes));
}

void import_transpose(OnnxNode& node) {
    node.expect_inputs(1, 1);
    const OnnxImageValue& value = node.any_view(0);
    const auto dims = with_batch(value);
    const auto order = read_permutation(node, dims.size());
    // Only dimensions of 1 may move: then the numbers stay where they are. The batch counts as more than 1.
    int64_t last = -1;
    std::vector<int64_t> result;
    for (const int64_t axis : order) {
        result.push_back(dims[axis]);
        if (axis != 0 && dims[axis] == 1) continue;
        if (axis < last) {
            node.refuse(
                "transposes an image, which is not supported; export the network with channels first");
        }
        last = axis;
    }
    if (order[0] != 0) node.refuse("moves the batch dimension, which is not supported");
    finish_with_batch(node, value, result);
}

void import_concat(OnnxNode& node) {
    if (node.input_count() < 1) node.refuse("has no input");
    const OnnxImageValue& first = node.image(0);
    const auto rank = static_cast<int64_t>(first.dims.size()) + 1;
    if (node.checked_axis(node.integer("axis", 1), rank) != 1) {
        node.refuse("joins along another axis than the channels, which is not supported");
    }
    std::vector<ValueId> inputs;
    for (int index = 0; index < node.input_count(); ++index) {
        if (node.is_constant(index)) node.refuse("joins an image and a constant, which is not supported");
        const OnnxImageValue& value = node.image(index);
        if (value.dims.size() != first.dims.size()) {
            node.refuse("joins values of different numbers of dimensions");
        }
        inputs.push_back(value.id);
    }
    if (inputs.size() == 1) return node.finish(IdentityOp{}, std::move(inputs), first);
    node.finish(ConcatOp{}, std::move(inputs), first);
}

void import_shape(OnnxNode& node) {
    node.expect_inputs(1, 1);
    const OnnxImageValue& value = node.any_view(0);
    OnnxConstant shape;
    auto dims = with_batch(value);
    if (node.context().any_batch) dims[0] = kBatchSize;
    const auto rank = static_cast<int64_t>(dims.size());
    const auto clamped = [&](int64_t place) {
        return std::clamp<int64_t>(place < 0 ? place + rank : place, 0, rank);
    };
    const int64_t begin = clamped(node.integer("start", 0)), end = clamped(node.integer("end", rank));
    if (begin < end) dims = {dims.begin() + begin, dims.begin() + end};
    if (begin >= end) dims.clear();
    shape.dims = {static_cast<int64_t>(dims.size())};
    shape.data = std::move(dims);
    node.set_output(std::move(shape));
}

}  // namespace quantface
