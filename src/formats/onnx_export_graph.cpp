#include "formats/onnx_export_graph.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "formats/onnx_text.h"

namespace quantface {

static_assert(std::endian::native == std::endian::little, "tensors are copied as they lie in memory");

onnx::AttributeProto onnx_attribute(const std::string& name, int64_t number) {
    onnx::AttributeProto attribute;
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(number);
    return attribute;
}

onnx::AttributeProto onnx_attribute(const std::string& name, float number) {
    onnx::AttributeProto attribute;
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::FLOAT);
    attribute.set_f(number);
    return attribute;
}

onnx::AttributeProto onnx_attribute(const std::string& name, const std::vector<int64_t>& numbers) {
    onnx::AttributeProto attribute;
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const int64_t number : numbers) attribute.add_ints(number);
    return attribute;
}

std::string OnnxExportGraph::reserve(const std::string& wanted) {
    const auto [entry, is_new] = taken_.emplace(wanted, 2);
    if (is_new) return wanted;
    for (;;) {
        std::string name = wanted + "_" + std::to_string(entry->second++);
        if (taken_.emplace(name, 2).second) return name;
    }
}

std::string OnnxExportGraph::add(const char* op, const std::vector<std::string>& inputs,
                                 const std::string& output, const Attributes& attributes) {
    const std::string name = reserve(output);
    add_to(name, op, inputs, attributes);
    return name;
}

void OnnxExportGraph::add_to(const std::string& reserved, const char* op,
                             const std::vector<std::string>& inputs, const Attributes& attributes) {
    onnx::NodeProto& node = *graph_.add_node();
    node.set_op_type(op);
    node.set_name(reserved);  // values have one writer each, so their names tell nodes apart as well
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(reserved);
    for (const onnx::AttributeProto& attribute : attributes) *node.add_attribute() = attribute;
}

void OnnxExportGraph::rename_last(const std::string& reserved) {
    onnx::NodeProto& node = *graph_.mutable_node(graph_.node_size() - 1);
    node.set_name(reserved);
    node.set_output(0, reserved);
}

template <typename Number>
std::string OnnxExportGraph::constant(const std::string& name, int type, const Dims& dims,
                                      const std::vector<Number>& numbers) {
    onnx::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(reserve(name));
    tensor.set_data_type(type);
    for (const int64_t dim : dims) tensor.add_dims(dim);
    tensor.set_raw_data(numbers.data(), numbers.size() * sizeof(Number));
    return tensor.name();
}

std::string OnnxExportGraph::floats(const std::string& name, const Dims& dims,
                                    const std::vector<float>& numbers) {
    const bool finite =
        std::all_of(numbers.begin(), numbers.end(), [](float number) { return std::isfinite(number); });
    if (!finite) {
        fail_bad_input("'" + printable(name) +
                       "': the real numbers behind its levels do not fit float32, so ONNX cannot hold them");
    }
    return constant(name, onnx::TensorProto::FLOAT, dims, numbers);
}

std::string OnnxExportGraph::int8s(const std::string& name, const Dims& dims,
                                   const std::vector<int8_t>& numbers) {
    return constant(name, onnx::TensorProto::INT8, dims, numbers);
}

std::string OnnxExportGraph::uint8s(const std::string& name, const Dims& dims,
                                    const std::vector<uint8_t>& numbers) {
    return constant(name, onnx::TensorProto::UINT8, dims, numbers);
}

std::string OnnxExportGraph::int32s(const std::string& name, const Dims& dims,
                                    const std::vector<int32_t>& numbers) {
    return constant(name, onnx::TensorProto::INT32, dims, numbers);
}

std::string OnnxExportGraph::int64s(const std::string& name, const Dims& dims,
                                    const std::vector<int64_t>& numbers) {
    return constant(name, onnx::TensorProto::INT64, dims, numbers);
}

}  // namespace quantface
