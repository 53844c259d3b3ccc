#include "formats/onnx_context.h"

#include "base/error.h"
#include "formats/onnx_text.h"

namespace quantface {

void OnnxContext::refuse(const std::string& what) const {
    fail_bad_input(file_name_ + ": " + what);
}

const OnnxValue* OnnxContext::find(const std::string& name) {
    if (const auto found = values_.find(name); found != values_.end()) return &found->second;
    const auto initializer = initializers_.find(name);
    if (initializer == initializers_.end()) return nullptr;
    auto constant = std::make_shared<const OnnxConstant>(decode(*initializer->second));
    return &values_.emplace(name, std::move(constant)).first->second;
}

void OnnxContext::define(const std::string& name, OnnxValue value) {
    if (is_initializer(name) || !values_.emplace(name, std::move(value)).second) {
        refuse("'" + printable(name) + "' is written twice; the file is damaged");
    }
}

std::string OnnxContext::unique_node_name(const std::string& wanted) {
    const std::string base = printable(wanted);
    std::string name = base;
    while (!node_names_.insert(name).second) name = base + "#" + std::to_string(++name_repeats_[base] + 1);
    return name;
}

void OnnxContext::set_input(std::string value_name, Shape shape) {
    QF_CHECK(graph.values.empty());
    graph.input = graph.add_value(std::move(value_name), shape);
    origins_.push_back(graph.input);
}

ValueId OnnxContext::emit(std::string name, std::string value_name, Op op, std::vector<ValueId> inputs) {
    Node node{std::move(name), std::move(op), std::move(inputs), kNoValue};
    std::vector<Shape> shapes;
    for (const ValueId input : node.inputs) shapes.push_back(graph.values[input].shape);
    Shape shape;
    try {
        shape = infer_shape(node, shapes);
    } catch (const Error& error) {
        refuse(error.what());
    }
    node.output = graph.add_value(std::move(value_name), shape);
    const bool renames = std::holds_alternative<IdentityOp>(node.op);
    origins_.push_back(renames ? origins_[node.inputs[0]] : node.output);
    graph.nodes.push_back(std::move(node));
    return graph.nodes.back().output;
}

}  // namespace quantface
