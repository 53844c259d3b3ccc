#include "tiny_onnx.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace quantface::test {

namespace {

// Just enough of protobuf's wire format; field numbers are those of onnx.proto.
class Message {
  public:
    Message& number(int field, uint64_t value) {
        varint(static_cast<uint64_t>(field) << 3);
        varint(value);
        return *this;
    }
    Message& bytes(int field, const std::string& value) {
        varint(static_cast<uint64_t>(field) << 3 | 2);
        varint(value.size());
        bytes_ += value;
        return *this;
    }
    Message& message(int field, const Message& value) { return bytes(field, value.bytes_); }
    const std::string& wire() const { return bytes_; }

  private:
    void varint(uint64_t value) {
        for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
        bytes_ += static_cast<char>(value);
    }
    std::string bytes_;
};

Message tensor(const std::string& name, const std::vector<uint64_t>& dims, float low, float high,
               std::mt19937& random) {
    uint64_t count = 1;
    Message message;
    for (const uint64_t dim : dims) {
        message.number(1, dim);
        count *= dim;
    }
    std::string raw;
    for (uint64_t i = 0; i < count; ++i) {
        const float value = low + (high - low) * static_cast<float>(random() >> 8) / 16777216.0f;
        raw.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    return message.number(2, 1).bytes(8, name).bytes(9, raw);
}

Message integers(const std::string& name, const std::vector<uint64_t>& values) {
    Message attribute;
    attribute.bytes(1, name);
    for (const uint64_t value : values) attribute.number(8, value);
    return attribute.number(20, 7);
}

Message integer(const std::string& name, uint64_t value) {
    return Message().bytes(1, name).number(3, value).number(20, 2);
}

Message node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
             const std::vector<Message>& attributes = {}) {
    Message message;
    for (const std::string& input : inputs) message.bytes(1, input);
    message.bytes(2, output).bytes(3, "node_" + output).bytes(4, op);
    for (const Message& attribute : attributes) message.message(5, attribute);
    return message;
}

Message value_info(const std::string& name, const std::vector<uint64_t>& dims) {
    Message shape;
    for (const uint64_t dim : dims) shape.message(1, Message().number(1, dim));
    const Message tensor_type = Message().number(1, 1).message(2, shape);
    return Message().bytes(1, name).message(2, Message().message(1, tensor_type));
}

}  // namespace

std::string tiny_onnx(unsigned seed) {
    std::mt19937 random(seed);
    const std::vector<Message> window = {integers("kernel_shape", {3, 3}), integers("pads", {1, 1, 1, 1})};
    std::vector<Message> first = window, second = window;
    first.push_back(integers("strides", {4, 4}));
    second.push_back(integers("strides", {2, 2}));
    second.push_back(integer("group", 8));

    Message graph;
    graph.message(1, node("Conv", {"data", "w1", "b1"}, "c1", first));
    graph.message(1, node("PRelu", {"c1", "s1"}, "p1"));
    graph.message(1, node("Conv", {"p1", "w2", "b2"}, "c2", second));
    graph.message(1, node("PRelu", {"c2", "s2"}, "p2"));
    graph.message(1, node("GlobalAveragePool", {"p2"}, "g"));
    graph.message(1, node("Flatten", {"g"}, "f"));
    graph.message(1, node("Gemm", {"f", "w3", "b3"}, "embedding", {integer("transB", 1)}));
    graph.bytes(2, "tiny");
    graph.message(5, tensor("w1", {8, 3, 3, 3}, -0.5f, 0.5f, random));
    graph.message(5, tensor("b1", {8}, -0.1f, 0.1f, random));
    graph.message(5, tensor("s1", {8, 1, 1}, 0.1f, 0.4f, random));
    graph.message(5, tensor("w2", {8, 1, 3, 3}, -0.5f, 0.5f, random));
    graph.message(5, tensor("b2", {8}, -0.1f, 0.1f, random));
    graph.message(5, tensor("s2", {8, 1, 1}, 0.1f, 0.4f, random));
    graph.message(5, tensor("w3", {16, 8}, -0.5f, 0.5f, random));
    graph.message(5, tensor("b3", {16}, -0.1f, 0.1f, random));
    graph.message(11, value_info("data", {1, 3, 112, 112}));
    graph.message(12, value_info("embedding", {1, 16}));
    return Message().number(1, 7).message(8, Message().bytes(1, "").number(2, 11)).message(7, graph).wire();
}

}  // namespace quantface::test
