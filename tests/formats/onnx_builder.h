// Small ONNX files put together in memory, for tests of the importer.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace quantface::test {

// Names one attribute and its value.
inline onnx::AttributeProto attribute(const std::string& name, int64_t value) {
    onnx::AttributeProto proto;
    proto.set_name(name);
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(value);
    return proto;
}
inline onnx::AttributeProto attribute(const std::string& name, int value) {
    return attribute(name, int64_t{value});
}
inline onnx::AttributeProto attribute(const std::string& name, float value) {
    onnx::AttributeProto proto;
    proto.set_name(name);
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(value);
    return proto;
}
inline onnx::AttributeProto attribute(const std::string& name, const char* value) {
    onnx::AttributeProto proto;
    proto.set_name(name);
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(value);
    return proto;
}
inline onnx::AttributeProto attribute(const std::string& name, const std::vector<int64_t>& values) {
    onnx::AttributeProto proto;
    proto.set_name(name);
    proto.set_type(onnx::AttributeProto::INTS);
    for (const int64_t value : values) proto.add_ints(value);
    return proto;
}

// A graph with the input "image" (batch x 3 x height x width) and the output "embedding"; add nodes in order.
class OnnxBuilder {
  public:
    explicit OnnxBuilder(int64_t height = 8, int64_t width = 8, int64_t opset = 11, bool any_batch = true) {
        model_.set_ir_version(7);
        auto* import = model_.add_opset_import();
        import->set_domain("");
        import->set_version(opset);
        auto* input = graph().add_input();
        input->set_name("image");
        auto* type = input->mutable_type()->mutable_tensor_type();
        type->set_elem_type(onnx::TensorProto::FLOAT);
        auto* batch = type->mutable_shape()->add_dim();
        if (any_batch) {
            batch->set_dim_param("n");
        } else {
            batch->set_dim_value(1);
        }
        for (const int64_t dim : {int64_t{3}, height, width}) {
            type->mutable_shape()->add_dim()->set_dim_value(dim);
        }
        auto* output = graph().add_output();
        output->set_name("embedding");
        output->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    }

    onnx::ModelProto& model() { return model_; }
    onnx::GraphProto& graph() { return *model_.mutable_graph(); }

    onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                          const std::string& output,
                          const std::vector<onnx::AttributeProto>& attributes = {}) {
        auto* proto = graph().add_node();
        proto->set_op_type(op);
        proto->set_name("node_" + output);
        for (const auto& input : inputs) proto->add_input(input);
        proto->add_output(output);
        for (const auto& given : attributes) *proto->add_attribute() = given;
        return *proto;
    }

    // Initializers.
    onnx::TensorProto& floats(const std::string& name, const std::vector<int64_t>& dims,
                              const std::vector<float>& numbers) {
        auto& tensor = initializer(name, dims, onnx::TensorProto::FLOAT);
        for (const float number : numbers) tensor.add_float_data(number);
        return tensor;
    }
    // Numbers that differ from one another: 0.5, -0.25, ... (deterministic, within +-0.5).
    onnx::TensorProto& pattern(const std::string& name, const std::vector<int64_t>& dims) {
        int64_t count = 1;
        for (const int64_t dim : dims) count *= dim;
        std::vector<float> numbers;
        for (int64_t i = 0; i < count; ++i) {
            numbers.push_back(static_cast<float>((i * 37 + 11) % 64 - 31) / 64.0f);
        }
        return floats(name, dims, numbers);
    }
    onnx::TensorProto& integers(const std::string& name, const std::vector<int64_t>& dims,
                                const std::vector<int64_t>& numbers) {
        auto& tensor = initializer(name, dims, onnx::TensorProto::INT64);
        for (const int64_t number : numbers) tensor.add_int64_data(number);
        return tensor;
    }
    onnx::TensorProto& initializer(const std::string& name, const std::vector<int64_t>& dims, int type) {
        auto* tensor = graph().add_initializer();
        tensor->set_name(name);
        tensor->set_data_type(type);
        for (const int64_t dim : dims) tensor->add_dims(dim);
        return *tensor;
    }
    // A Constant node.
    void constant(const std::string& output, const onnx::TensorProto& tensor) {
        onnx::AttributeProto value;
        value.set_name("value");
        value.set_type(onnx::AttributeProto::TENSOR);
        *value.mutable_t() = tensor;
        node("Constant", {}, output, {value});
    }

    // From a picture to the output "embedding": global average pooling and Flatten.
    void pool_to_embedding(const std::string& picture) {
        node("GlobalAveragePool", {picture}, "pooled");
        node("Flatten", {"pooled"}, "embedding");
    }

    std::vector<uint8_t> bytes() const {
        const std::string text = model_.SerializeAsString();
        return {text.begin(), text.end()};
    }

  private:
    onnx::ModelProto model_;
};

}  // namespace quantface::test
