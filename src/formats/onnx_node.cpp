#include "formats/onnx_node.h"

#include <algorithm>

#include "base/error.h"
#include "formats/onnx_text.h"

namespace quantface {

using onnx::AttributeProto;

OnnxNode::OnnxNode(OnnxContext& context, const onnx::NodeProto& proto) : context_(context), proto_(proto) {
    const bool unnamed = proto.name().empty();
    name_ = printable(!unnamed ? proto.name() : proto.output_size() > 0 ? proto.output(0) : proto.op_type());
}

void OnnxNode::refuse(const std::string& what) const {
    context_.refuse("node '" + name_ + "' (" + printable(op_type()) + ") " + what);
}

const AttributeProto* OnnxNode::find_attribute(const char* name, AttributeProto::AttributeType type) {
    known_attributes_.insert(name);
    for (const AttributeProto& attribute : proto_.attribute()) {
        if (attribute.name() != name) continue;
        // Files of the first days leave the type out.
        if (attribute.type() != type && attribute.type() != AttributeProto::UNDEFINED) {
            refuse(std::string("has an attribute '") + name + "' of the wrong type");
        }
        return &attribute;
    }
    return nullptr;
}

bool OnnxNode::has_attribute(const char* name) {
    return std::any_of(proto_.attribute().begin(), proto_.attribute().end(),
                       [&](const AttributeProto& attribute) { return attribute.name() == name; });
}

int64_t OnnxNode::integer(const char* name, int64_t fallback) {
    const auto* attribute = find_attribute(name, AttributeProto::INT);
    return attribute ? attribute->i() : fallback;
}

float OnnxNode::number(const char* name, float fallback) {
    const auto* attribute = find_attribute(name, AttributeProto::FLOAT);
    return attribute ? attribute->f() : fallback;
}

std::string OnnxNode::text(const char* name, const std::string& fallback) {
    const auto* attribute = find_attribute(name, AttributeProto::STRING);
    return attribute ? attribute->s() : fallback;
}

std::vector<int64_t> OnnxNode::integers(const char* name) {
    const auto* attribute = find_attribute(name, AttributeProto::INTS);
    if (!attribute) return {};
    return {attribute->ints().begin(), attribute->ints().end()};
}

std::vector<float> OnnxNode::numbers(const char* name) {
    const auto* attribute = find_attribute(name, AttributeProto::FLOATS);
    if (!attribute) return {};
    return {attribute->floats().begin(), attribute->floats().end()};
}

const onnx::TensorProto* OnnxNode::tensor(const char* name) {
    const auto* attribute = find_attribute(name, AttributeProto::TENSOR);
    return attribute ? &attribute->t() : nullptr;
}

void OnnxNode::ignore_attributes(std::initializer_list<const char*> names) {
    known_attributes_.insert(names.begin(), names.end());
}

void OnnxNode::ignore_all_attributes() {
    for (const AttributeProto& attribute : proto_.attribute()) known_attributes_.insert(attribute.name());
}

void OnnxNode::check_attributes() const {
    for (const AttributeProto& attribute : proto_.attribute()) {
        if (!known_attributes_.contains(attribute.name())) {
            refuse("has an attribute '" + printable(attribute.name()) + "' that is not supported");
        }
    }
}

const OnnxValue& OnnxNode::input(int index) {
    if (!has_input(index)) refuse("has no input " + std::to_string(index) + "; the file is damaged");
    const OnnxValue* value = context_.find(proto_.input(index));
    if (value == nullptr) {
        refuse("reads '" + printable(proto_.input(index)) +
               "', which nothing before it writes; the file is damaged");
    }
    return *value;
}

bool OnnxNode::is_constant(int index) {
    return has_input(index) && std::holds_alternative<OnnxConstantPtr>(input(index));
}

bool OnnxNode::all_inputs_constant() {
    for (int index = 0; index < input_count(); ++index) {
        if (has_input(index) && !is_constant(index)) return false;
    }
    return true;
}

void OnnxNode::expect_inputs(int least, int most) {
    if (input_count() < least || input_count() > most) {
        refuse("has " + std::to_string(input_count()) + " inputs, which is not supported");
    }
}

OnnxConstantPtr OnnxNode::constant(int index, const char* what) {
    const auto* found = std::get_if<OnnxConstantPtr>(&input(index));
    if (!found) refuse(std::string("has a ") + what + " that depends on the image, which is not supported");
    return *found;
}

OnnxConstantPtr OnnxNode::float_constant(int index, const char* what) {
    auto found = constant(index, what);
    if (found->is_integer()) refuse(std::string("has a ") + what + " of integers");
    return found;
}

OnnxConstantPtr OnnxNode::integer_constant(int index, const char* what) {
    auto found = constant(index, what);
    if (!found->is_integer()) refuse(std::string("has a ") + what + " that is not of integers");
    return found;
}

float OnnxNode::scalar(int index, const char* what) {
    const auto found = float_constant(index, what);
    if (found->element_count() != 1) refuse(std::string("has a ") + what + " that is not one number");
    return found->floats()[0];
}

const OnnxImageValue& OnnxNode::any_view(int index) {
    const auto* found = std::get_if<OnnxImageValue>(&input(index));
    if (!found) refuse("is not supported on constants");
    return *found;
}

const OnnxImageValue& OnnxNode::image(int index) {
    const OnnxImageValue& value = any_view(index);
    const Shape shape = shape_of(value);
    const bool is_picture = value.dims == std::vector<int64_t>{shape.channels, shape.height, shape.width};
    const bool is_features = shape.plane() == 1 && value.dims == std::vector<int64_t>{shape.channels};
    if (!is_picture && !is_features) {
        refuse(
            "reads a value reshaped to other dimensions than (batch, channels, height, width) or (batch, "
            "features), which is not supported");
    }
    return value;
}

const OnnxImageValue& OnnxNode::picture(int index) {
    const OnnxImageValue& value = image(index);
    if (value.dims.size() != 3) {
        refuse("reads a value of " + std::to_string(value.dims.size() + 1) +
               " dimensions; only 4 (batch, channels, height, width) are supported");
    }
    return value;
}

int64_t OnnxNode::checked_axis(int64_t axis, int64_t rank) const {
    if (axis < -rank || axis >= rank) refuse("has an axis out of range");
    return axis < 0 ? axis + rank : axis;
}

std::vector<int64_t> OnnxNode::axes(int64_t rank) {
    std::vector<int64_t> axes = integers("axes");
    if (has_input(1)) axes = integer_constant(1, "list of axes")->integers();
    if (axes.size() > static_cast<size_t>(rank)) refuse("has more axes than dimensions");
    for (int64_t& axis : axes) axis = checked_axis(axis, rank);
    std::sort(axes.begin(), axes.end());
    if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) refuse("names an axis twice");
    return axes;
}

std::vector<float> OnnxNode::copy(const std::vector<float>& numbers) {
    context_.charge(static_cast<int64_t>(numbers.size()));
    return numbers;
}

std::vector<float> OnnxNode::filled(int64_t count, float number) {
    context_.charge(count);
    return std::vector<float>(static_cast<size_t>(count), number);
}

std::vector<float> OnnxNode::per_channel(const OnnxConstant& constant, const OnnxImageValue& value,
                                         const char* what) {
    const auto rank = static_cast<int64_t>(value.dims.size()) + 1;
    const auto constant_rank = static_cast<int64_t>(constant.dims.size());
    const int64_t channels = value.dims[0];
    bool fits = constant_rank <= rank && constant.element_count() >= 1 && !constant.is_integer();
    for (int64_t i = 0; fits && i < constant_rank; ++i) {
        const int64_t axis = rank - constant_rank + i;
        fits = constant.dims[i] == 1 || (axis == 1 && constant.dims[i] == channels);
    }
    if (!fits) {
        refuse(std::string("has a ") + what + " that is neither one number nor one for each of " +
               std::to_string(channels) + " channels, which is not supported");
    }
    if (constant.element_count() == 1) return filled(channels, constant.floats()[0]);
    return copy(constant.floats());
}

ValueId OnnxNode::emit(Op op, std::vector<ValueId> inputs, std::string_view suffix) {
    const std::string value_name = proto_.output_size() > 0 ? printable(proto_.output(0)) : name_;
    return context_.emit(context_.unique_node_name(name_ + std::string(suffix)),
                         value_name + std::string(suffix), std::move(op), std::move(inputs));
}

void OnnxNode::set_output(OnnxValue value) {
    if (proto_.output_size() == 0 || proto_.output(0).empty()) refuse("has no output; the file is damaged");
    context_.define(proto_.output(0), std::move(value));
}

void OnnxNode::set_output(OnnxConstant constant) {
    set_output(OnnxValue(std::make_shared<const OnnxConstant>(std::move(constant))));
}

void OnnxNode::finish(Op op, std::vector<ValueId> inputs, const OnnxImageValue& like) {
    const size_t rank = like.dims.size();
    const ValueId id = emit(std::move(op), std::move(inputs));
    const Shape shape = context_.graph.values[id].shape;
    std::vector<int64_t> dims{shape.channels};
    if (rank == 3) dims = {shape.channels, shape.height, shape.width};
    set_output(OnnxValue(OnnxImageValue{id, std::move(dims)}));
}

void OnnxNode::finish_view(const OnnxImageValue& value, std::vector<int64_t> dims) {
    const Shape shape = shape_of(value);
    const std::vector<int64_t> picture{shape.channels, shape.height, shape.width};
    const bool is_flat =
        dims == std::vector<int64_t>{shape.size()} || dims == std::vector<int64_t>{shape.size(), 1, 1};
    ValueId id = value.id;
    if (is_flat && shape.plane() != 1) {
        id = emit(FlattenOp{}, {id});
    } else if (is_flat || dims == picture) {
        id = emit(IdentityOp{}, {id});
    }
    set_output(OnnxValue(OnnxImageValue{id, std::move(dims)}));
}

}  // namespace quantface
