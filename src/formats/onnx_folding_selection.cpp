// Elements of constants chosen, joined, repeated and reordered while the file is read.
#include <algorithm>
#include <numeric>

#include "formats/onnx_operators.h"
#include "formats/onnx_shape_arithmetic.h"

namespace quantface {

namespace {

std::vector<int64_t> strides_of(const std::vector<int64_t>& dims) {
    std::vector<int64_t> strides(dims.size(), 1);
    for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
    return strides;
}

// The tensor of `dims` whose element at an index is the input's at offset + sum of index * stride. Every such
// place must lie within the input.
OnnxConstant gather_strided(OnnxNode& node, const OnnxConstant& input, std::vector<int64_t> dims,
                            const std::vector<int64_t>& strides, int64_t offset) {
    const int64_t count = element_count(node, dims);
    node.context().charge(count);
    OnnxConstant result;
    std::visit(
        [&](const auto& from) {
            std::remove_cvref_t<decltype(from)> to(static_cast<size_t>(count));
            std::vector<int64_t> index(dims.size(), 0);
            int64_t place = offset;
            for (auto& number : to) {
                number = from[static_cast<size_t>(place)];
                for (size_t axis = dims.size(); axis-- > 0;) {
                    place += strides[axis];
                    if (++index[axis] < dims[axis]) break;
                    place -= strides[axis] * dims[axis];
                    index[axis] = 0;
                }
            }
            result.data = std::move(to);
        },
        input.data);
    result.dims = std::move(dims);
    return result;
}

}  // namespace

void fold_transpose(OnnxNode& node) {
    node.expect_inputs(1, 1);
    const OnnxConstantPtr input = node.constant(0, "input");
    const auto order = read_permutation(node, input->dims.size());
    const auto strides = strides_of(input->dims);
    std::vector<int64_t> dims, new_strides;
    for (const int64_t axis : order) {
        dims.push_back(input->dims[axis]);
        new_strides.push_back(strides[axis]);
    }
    node.set_output(gather_strided(node, *input, std::move(dims), new_strides, 0));
}

void fold_expand(OnnxNode& node) {
    node.expect_inputs(2, 2);
    const OnnxConstantPtr input = node.constant(0, "input"), shape = node.integer_constant(1, "shape");
    if (shape->element_count() > 8) node.refuse("makes a constant of too many dimensions");
    auto dims = broadcast_dims(node, input->dims, shape->integers());
    const auto strides = strides_of(input->dims);
    std::vector<int64_t> new_strides(dims.size(), 0);
    const size_t added = dims.size() - input->dims.size();
    for (size_t i = 0; i < input->dims.size(); ++i) {
        if (input->dims[i] != 1) new_strides[added + i] = strides[i];
    }
    node.set_output(gather_strided(node, *input, std::move(dims), new_strides, 0));
}

void fold_concat(OnnxNode& node) {
    if (node.input_count() < 1) node.refuse("has no input");
    const OnnxConstantPtr first = node.constant(0, "input");
    const auto axis = static_cast<size_t>(
        node.checked_axis(node.integer("axis", 1), static_cast<int64_t>(first->dims.size())));
    OnnxConstant result;
    result.dims = first->dims;
    result.dims[axis] = 0;
    std::vector<OnnxConstantPtr> parts;
    for (int index = 0; index < node.input_count(); ++index) {
        parts.push_back(node.constant(index, "input"));
        std::vector<int64_t> dims = parts.back()->dims;
        if (dims.size() != first->dims.size() || parts.back()->is_integer() != first->is_integer()) {
            node.refuse("joins constants that do not fit");
        }
        result.dims[axis] += dims[axis];
        dims[axis] = first->dims[axis];
        if (dims != first->dims) node.refuse("joins constants that do not fit");
    }
    node.context().charge(element_count(node, result.dims));
    const auto rows = std::accumulate(result.dims.begin(), result.dims.begin() + static_cast<int64_t>(axis),
                                      int64_t{1}, std::multiplies<>());
    std::visit(
        [&](const auto& of_first) {
            using Numbers = std::remove_cvref_t<decltype(of_first)>;
            Numbers joined;
            for (int64_t row = 0; row < rows; ++row) {
                for (const OnnxConstantPtr& part : parts) {
                    const auto& from = std::get<Numbers>(part->data);
                    const int64_t length = static_cast<int64_t>(from.size()) / rows;
                    joined.insert(joined.end(), from.begin() + row * length,
                                  from.begin() + (row + 1) * length);
                }
            }
            result.data = std::move(joined);
        },
        first->data);
    node.set_output(std::move(result));
}

void fold_gather(OnnxNode& node) {
    node.expect_inputs(2, 2);
    const OnnxConstantPtr input = node.constant(0, "input"), places = node.integer_constant(1, "index");
    const auto rank = static_cast<int64_t>(input->dims.size());
    if (rank == 0) node.refuse("chooses from a single number");
    const auto axis = static_cast<size_t>(node.checked_axis(node.integer("axis", 0), rank));
    if (places->element_count() != 1) {
        node.refuse("chooses several elements at once, which is not supported");
    }
    const int64_t place = node.checked_axis(places->integers()[0], input->dims[axis]);
    // The index's own dimensions, all 1, take the place of the axis.
    std::vector<int64_t> dims(input->dims), strides = strides_of(input->dims);
    const int64_t offset = place * strides[axis];
    dims.erase(dims.begin() + static_cast<int64_t>(axis));
    strides.erase(strides.begin() + static_cast<int64_t>(axis));
    dims.insert(dims.begin() + static_cast<int64_t>(axis), places->dims.begin(), places->dims.end());
    strides.insert(strides.begin() + static_cast<int64_t>(axis), places->dims.size(), 0);
    node.set_output(gather_strided(node, *input, std::move(dims), strides, offset));
}

namespace {

// Operands of Slice: attributes up to operator set 9, inputs from 10.
std::vector<int64_t> slice_operand(OnnxNode& node, const char* attribute, int index) {
    if (node.has_input(index)) return node.integer_constant(index, attribute)->integers();
    return node.integers(attribute);
}

}  // namespace

void fold_slice(OnnxNode& node) {
    node.expect_inputs(1, 5);
    const OnnxConstantPtr input = node.constant(0, "input");
    const auto rank = static_cast<int64_t>(input->dims.size());
    const auto starts = slice_operand(node, "starts", 1), ends = slice_operand(node, "ends", 2);
    auto axes = slice_operand(node, "axes", 3), steps = slice_operand(node, "steps", 4);
    if (axes.empty()) {
        axes.resize(std::min(starts.size(), input->dims.size()));
        std::iota(axes.begin(), axes.end(), 0);
    }
    if (steps.empty()) steps.assign(starts.size(), 1);
    if (starts.size() != ends.size() || starts.size() != axes.size() || starts.size() != steps.size()) {
        node.refuse("has operands of different lengths");
    }
    std::vector<int64_t> dims = input->dims, strides = strides_of(input->dims);
    std::vector<bool> seen(dims.size(), false);
    int64_t offset = 0;
    for (size_t i = 0; i < starts.size(); ++i) {
        const auto axis = static_cast<size_t>(node.checked_axis(axes[i], rank));
        if (seen[axis]) node.refuse("names an axis twice");
        seen[axis] = true;
        if (steps[i] != 1) node.refuse("has another step than 1, which is not supported");
        if (starts[i] == kBatchSize || ends[i] == kBatchSize) node.refuse("slices by the batch's size");
        const int64_t size = dims[axis];
        const auto clamped = [&](int64_t place) {
            return std::clamp<int64_t>(place < 0 ? place + size : place, 0, size);
        };
        const int64_t begin = clamped(starts[i]), end = clamped(ends[i]);
        dims[axis] = std::max<int64_t>(0, end - begin);
        if (dims[axis] > 0) offset += begin * strides[axis];
    }
    node.set_output(gather_strided(node, *input, std::move(dims), strides, offset));
}

}  // namespace quantface
