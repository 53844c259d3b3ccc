#include "graph/passes/pass.h"
#include "graph/passes/rewrite.h"

namespace quantface {

// Flatten orders features as (channel, row, column), which is also the order of a convolution's weight, so a
// Gemm behind it is the convolution whose kernel is the whole image, without moving one number.
int gemm_to_convolution(Graph& graph) {
    std::vector<bool> doomed(graph.nodes.size(), false);
    int changes = 0;
    for (Node& node : graph.nodes) {
        auto* gemm = std::get_if<GemmOp>(&node.op);
        if (gemm == nullptr) continue;
        Shape image = graph.values[node.inputs[0]].shape;
        const int producer = graph.producer_of(node.inputs[0]);
        if (producer >= 0 && std::holds_alternative<FlattenOp>(graph.nodes[producer].op)) {
            if (has_single_use(graph, node.inputs[0])) doomed[producer] = true;
            node.inputs[0] = graph.nodes[producer].inputs[0];
            image = graph.values[node.inputs[0]].shape;
        }
        ConvOp conv;
        conv.window.kernel_height = image.height;
        conv.window.kernel_width = image.width;
        conv.weight = std::move(gemm->weight);
        conv.weight.dims = {conv.weight.dims[0], image.channels, image.height, image.width};
        conv.bias = std::move(gemm->bias);
        node.op = std::move(conv);
        ++changes;
    }
    remove_nodes(graph, doomed);
    return changes;
}

}  // namespace quantface
