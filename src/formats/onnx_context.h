// The state of one import: the graph so far, and what each name of the file stands for.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formats/onnx_budget.h"
#include "formats/onnx_tensor_reader.h"
#include "formats/onnx_value.h"

namespace quantface {

class OnnxContext {
  public:
    OnnxContext(std::string file_name, OnnxTensorReader& reader, OnnxBudget& budget)
        : file_name_(std::move(file_name)), reader_(reader), budget_(budget) {}

    Graph graph;
    std::vector<std::string> notes;
    int64_t opset = 0;
    bool any_batch = true;                    // false: the file fixes it to 1
    std::vector<ValueId> normalized_vectors;  // must turn out to be the network's last step

    const std::string& file_name() const { return file_name_; }
    // Throws Error(kBadInput) "FILE: what".
    [[noreturn]] void refuse(const std::string& what) const;
    void charge(int64_t numbers) { budget_.charge(numbers); }

    // Initializers are decoded when first read; those that nothing reads may be anything.
    void add_initializer(const onnx::TensorProto& tensor) { initializers_.emplace(tensor.name(), &tensor); }
    bool is_initializer(const std::string& name) const { return initializers_.contains(name); }
    OnnxConstant decode(const onnx::TensorProto& tensor) { return reader_.read(tensor); }

    // Null where nothing has defined the name. Stays valid until the import ends.
    const OnnxValue* find(const std::string& name);
    // Refuses a second definition.
    void define(const std::string& name, OnnxValue value);

    // `wanted`, printable, or with a number behind where a node has that name already.
    std::string unique_node_name(const std::string& wanted);

    // Appends a node and its value, whose shape is inferred. `name` must be unique.
    ValueId emit(std::string name, std::string value_name, Op op, std::vector<ValueId> inputs);
    // The first of the values that are the same numbers under several names (Identity).
    ValueId origin_of(ValueId value) const { return origins_[value]; }
    // The node that writes the value; null for the input. Nodes stand in the order of their values.
    const Node* producer_of(ValueId value) const {
        return value == graph.input ? nullptr : &graph.nodes[static_cast<size_t>(value) - 1];
    }
    // The image: the graph's first value.
    void set_input(std::string value_name, Shape shape);

  private:
    std::string file_name_;
    OnnxTensorReader& reader_;
    OnnxBudget& budget_;
    std::unordered_map<std::string, const onnx::TensorProto*> initializers_;
    std::unordered_map<std::string, OnnxValue> values_;
    std::unordered_set<std::string> node_names_;
    std::unordered_map<std::string, int> name_repeats_;
    std::vector<ValueId> origins_;  // by value
};

}  // namespace quantface
