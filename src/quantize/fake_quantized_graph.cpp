#include "quantize/fake_quantized_graph.h"

#include <numeric>

#include "graph/passes/rewrite.h"

namespace quantface {

void set_quantized_weights(const Graph& graph, int node, const QuantizedConv& quantized, Graph& result) {
    auto& conv = std::get<ConvOp>(result.nodes[node].op);
    conv.weight.data = dequantized_weights(quantized);
    conv.bias = quantized.bias;
    // What reads pixels has the input's scale in its weights, which the float graph applies before.
    if (graph.nodes[node].inputs[0] != graph.input) return;
    const int64_t inputs = conv.weight.dims[1], taps = conv.weight.dims[2] * conv.weight.dims[3];
    const int64_t outputs_per_group = conv.weight.dims[0] / conv.groups;
    for (size_t index = 0; index < conv.weight.data.size(); ++index) {
        const int64_t output = static_cast<int64_t>(index) / (inputs * taps);
        const int64_t input = static_cast<int64_t>(index) / taps % inputs;
        conv.weight.data[index] *= graph.input_spec.std[output / outputs_per_group * inputs + input];
    }
}

Graph fake_quantized_graph(const Graph& graph, const std::vector<FusedNode>& plan,
                           const QuantizedGraph& quantized, const std::vector<size_t>& layers) {
    std::vector<size_t> wanted = layers;
    if (wanted.empty()) {
        wanted.resize(plan.size());
        std::iota(wanted.begin(), wanted.end(), size_t{0});
    }
    Graph result = graph;
    std::vector<ValueId> to_quantize;
    for (const size_t layer : wanted) {
        const FusedNode& fused = plan[layer];
        if (std::holds_alternative<ConvOp>(graph.nodes[fused.node].op)) {
            set_quantized_weights(graph, fused.node, quantized.convs.at(fused.node), result);
        }
        for (const FusedOutput& output : fused.outputs) {
            if (output.value != graph.output) to_quantize.push_back(output.value);
        }
    }
    for (const ValueId value : to_quantize) {
        const int producer = result.producer_of(value);
        const ValueId quantized_value =
            result.add_value(result.values[value].name + "/levels", result.values[value].shape);
        replace_uses(result, value, quantized_value);
        Node fake{result.nodes[producer].name + "/levels",
                  FakeQuantOp{quantized.values[value]},
                  {value},
                  quantized_value};
        result.nodes.insert(result.nodes.begin() + producer + 1, std::move(fake));
    }
    // A scale and shift within the operation reads its unrounded result.
    for (const size_t layer : wanted) {
        for (const FusedOutput& output : plan[layer].outputs) {
            if (output.affine_node < 0) continue;
            result.nodes[result.producer_of(output.value)].inputs = graph.nodes[output.affine_node].inputs;
        }
    }
    validate(result);
    return result;
}

}  // namespace quantface
