// Puts an ONNX graph together: nodes, constants, names that are not taken yet.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace quantface {

onnx::AttributeProto onnx_attribute(const std::string& name, int64_t number);
onnx::AttributeProto onnx_attribute(const std::string& name, float number);
onnx::AttributeProto onnx_attribute(const std::string& name, const std::vector<int64_t>& numbers);

class OnnxExportGraph {
  public:
    using Dims = std::vector<int64_t>;
    using Attributes = std::vector<onnx::AttributeProto>;

    explicit OnnxExportGraph(onnx::GraphProto& graph) : graph_(graph) {}

    // `wanted`, or with a number behind it where that is taken; taken from now on.
    std::string reserve(const std::string& wanted);

    // A node and its output of that name or one like it, which is returned.
    std::string add(const char* op, const std::vector<std::string>& inputs, const std::string& output,
                    const Attributes& attributes = {});
    // The same with an output that was reserved before.
    void add_to(const std::string& reserved, const char* op, const std::vector<std::string>& inputs,
                const Attributes& attributes = {});

    // Gives the last node and its output another, reserved name.
    void rename_last(const std::string& reserved);

    // Constants; their names are returned. Numbers are written as little-endian bytes. floats() throws
    // Error(kBadInput) where a number is not finite: its model's numbers do not fit float32.
    std::string floats(const std::string& name, const Dims& dims, const std::vector<float>& numbers);
    std::string int8s(const std::string& name, const Dims& dims, const std::vector<int8_t>& numbers);
    std::string uint8s(const std::string& name, const Dims& dims, const std::vector<uint8_t>& numbers);
    std::string int32s(const std::string& name, const Dims& dims, const std::vector<int32_t>& numbers);
    std::string int64s(const std::string& name, const Dims& dims, const std::vector<int64_t>& numbers);

  private:
    template <typename Number>
    std::string constant(const std::string& name, int type, const Dims& dims,
                         const std::vector<Number>& numbers);

    onnx::GraphProto& graph_;
    std::map<std::string, int> taken_;  // to the next number to try
};

}  // namespace quantface
