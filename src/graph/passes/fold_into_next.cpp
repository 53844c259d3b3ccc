#include "graph/passes/pass.h"
#include "graph/passes/rewrite.h"

namespace quantface {

namespace {
// A padded convolution reads zeros where the scale and shift would have been read: folding would not be exact
// there.
bool all_consumers_take_it(const Graph& graph, ValueId value) {
    if (value == graph.output) return false;
    const std::vector<int> consumers = graph.consumers_of(value);
    for (const int consumer : consumers) {
        const auto* conv = std::get_if<ConvOp>(&graph.nodes[consumer].op);
        if (conv == nullptr || conv->window.padding.any()) return false;
    }
    return !consumers.empty();
}

void fold(const AffineOp& affine, ConvOp& conv) {
    const int64_t outputs = conv.weight.dims[0], group_inputs = conv.weight.dims[1];
    const int64_t taps = conv.weight.dims[2] * conv.weight.dims[3];
    const int64_t outputs_per_group = outputs / conv.groups;
    conv.bias.resize(outputs, 0.0f);
    for (int64_t output = 0; output < outputs; ++output) {
        const int64_t first_input = output / outputs_per_group * group_inputs;
        double shift = conv.bias[output];
        for (int64_t input = 0; input < group_inputs; ++input) {
            for (int64_t tap = 0; tap < taps; ++tap) {
                float& weight = conv.weight.data[(output * group_inputs + input) * taps + tap];
                shift += static_cast<double>(weight) * affine.shift[first_input + input];
                weight = static_cast<float>(static_cast<double>(weight) * affine.scale[first_input + input]);
            }
        }
        conv.bias[output] = static_cast<float>(shift);
    }
}
}  // namespace

int fold_into_next(Graph& graph) {
    std::vector<bool> doomed(graph.nodes.size(), false);
    int changes = 0;
    for (size_t index = 0; index < graph.nodes.size(); ++index) {
        const Node& node = graph.nodes[index];
        const auto* affine = std::get_if<AffineOp>(&node.op);
        if (affine == nullptr || !all_consumers_take_it(graph, node.output)) continue;
        for (const int consumer : graph.consumers_of(node.output)) {
            fold(*affine, std::get<ConvOp>(graph.nodes[consumer].op));
        }
        replace_uses(graph, node.output, node.inputs[0]);
        doomed[index] = true;
        ++changes;
    }
    remove_nodes(graph, doomed);
    return changes;
}

}  // namespace quantface
