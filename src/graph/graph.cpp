#include "graph/graph.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"

namespace quantface {

std::string to_string(const Shape& shape) {
    return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" +
           std::to_string(shape.width);
}

ValueId Graph::add_value(std::string value_name, Shape shape) {
    values.push_back({std::move(value_name), shape});
    return static_cast<ValueId>(values.size() - 1);
}

int Graph::producer_of(ValueId value) const {
    for (size_t index = 0; index < nodes.size(); ++index) {
        if (nodes[index].output == value) return static_cast<int>(index);
    }
    return -1;
}

std::vector<int> Graph::consumers_of(ValueId value) const {
    std::vector<int> consumers;
    for (size_t index = 0; index < nodes.size(); ++index) {
        const auto& inputs = nodes[index].inputs;
        if (std::find(inputs.begin(), inputs.end(), value) != inputs.end()) {
            consumers.push_back(static_cast<int>(index));
        }
    }
    return consumers;
}

namespace {
void check_input_spec(const Graph& graph) {
    const InputSpec& spec = graph.input_spec;
    if (graph.values[graph.input].shape != Shape{3, spec.height, spec.width}) {
        fail_bad_input("the network's input is " + to_string(graph.values[graph.input].shape) +
                       ", not 3 channels of an image");
    }
    for (int channel = 0; channel < 3; ++channel) {
        if (!std::isfinite(spec.mean[channel]) || !std::isfinite(spec.std[channel]) ||
            spec.std[channel] <= 0) {
            fail_bad_input("the network's input mean or standard deviation is not usable");
        }
    }
}
}  // namespace

void validate(Graph& graph) {
    const auto value_count = static_cast<ValueId>(graph.values.size());
    const auto exists = [&](ValueId value) { return value >= 0 && value < value_count; };
    if (!exists(graph.input) || !exists(graph.output))
        fail_bad_input("the network has no input or no output");
    check_input_spec(graph);
    std::vector<bool> written(graph.values.size(), false);
    written[graph.input] = true;
    std::set<std::string> names;
    for (const Node& node : graph.nodes) {
        if (!names.insert(node.name).second) fail_bad_input("two nodes have the name '" + node.name + "'");
        std::vector<Shape> input_shapes;
        for (const ValueId input : node.inputs) {
            if (!exists(input) || !written[input]) {
                fail_bad_input("node '" + node.name + "' reads a value that nothing before it has written");
            }
            input_shapes.push_back(graph.values[input].shape);
        }
        if (!exists(node.output) || written[node.output]) {
            fail_bad_input("node '" + node.name + "' writes a value that has a writer already");
        }
        graph.values[node.output].shape = infer_shape(node, input_shapes);
        written[node.output] = true;
    }
    if (!written[graph.output]) fail_bad_input("nothing writes the network's output");
    const Shape& output = graph.values[graph.output].shape;
    if (output.plane() != 1) {
        fail_bad_input("the network's output is " + to_string(output) + ", not one embedding per image");
    }
}

int64_t parameter_count(const Node& node) {
    const auto size = [](const std::vector<float>& numbers) { return static_cast<int64_t>(numbers.size()); };
    if (const auto* conv = std::get_if<ConvOp>(&node.op)) return size(conv->weight.data) + size(conv->bias);
    if (const auto* gemm = std::get_if<GemmOp>(&node.op)) return size(gemm->weight.data) + size(gemm->bias);
    if (const auto* norm = std::get_if<BatchNormOp>(&node.op)) return 4 * size(norm->scale);
    if (const auto* affine = std::get_if<AffineOp>(&node.op)) return 2 * size(affine->scale);
    if (const auto* prelu = std::get_if<PReluOp>(&node.op)) return size(prelu->slope);
    return 0;
}

int64_t parameter_count(const Graph& graph) {
    int64_t count = 0;
    for (const Node& node : graph.nodes) count += parameter_count(node);
    return count;
}

int64_t multiply_accumulates(const Graph& graph, const Node& node) {
    const Shape& output = graph.values[node.output].shape;
    if (const auto* conv = std::get_if<ConvOp>(&node.op))
        return conv->weight.element_count() * output.plane();
    if (const auto* gemm = std::get_if<GemmOp>(&node.op)) return gemm->weight.element_count();
    return 0;
}

int64_t multiply_accumulates(const Graph& graph) {
    int64_t count = 0;
    for (const Node& node : graph.nodes) count += multiply_accumulates(graph, node);
    return count;
}

}  // namespace quantface
