#include <cmath>

#include "graph/passes/pass.h"
#include "graph/passes/rewrite.h"

namespace quantface {

namespace {
AffineOp as_affine(const BatchNormOp& norm) {
    AffineOp affine;
    for (size_t channel = 0; channel < norm.scale.size(); ++channel) {
        const double scale =
            norm.scale[channel] / std::sqrt(static_cast<double>(norm.variance[channel]) + norm.epsilon);
        affine.scale.push_back(static_cast<float>(scale));
        affine.shift.push_back(static_cast<float>(norm.bias[channel] - scale * norm.mean[channel]));
    }
    return affine;
}

// second(first(x))
AffineOp composed(const AffineOp& first, const AffineOp& second) {
    AffineOp result = second;
    for (size_t channel = 0; channel < result.scale.size(); ++channel) {
        const double scale = second.scale[channel];
        result.scale[channel] = static_cast<float>(scale * first.scale[channel]);
        result.shift[channel] = static_cast<float>(scale * first.shift[channel] + second.shift[channel]);
    }
    return result;
}
}  // namespace

int batch_norm_to_affine(Graph& graph) {
    int changes = 0;
    std::vector<bool> doomed(graph.nodes.size(), false);
    for (Node& node : graph.nodes) {
        if (const auto* norm = std::get_if<BatchNormOp>(&node.op)) {
            node.op = as_affine(*norm);
            ++changes;
        }
        const auto* affine = std::get_if<AffineOp>(&node.op);
        if (affine == nullptr || !has_single_use(graph, node.inputs[0])) continue;
        const int producer = graph.producer_of(node.inputs[0]);
        if (producer < 0) continue;
        const auto* previous = std::get_if<AffineOp>(&graph.nodes[producer].op);
        if (previous == nullptr) continue;
        node.op = composed(*previous, *affine);
        node.inputs[0] = graph.nodes[producer].inputs[0];
        doomed[producer] = true;
        ++changes;
    }
    remove_nodes(graph, doomed);
    return changes;
}

}  // namespace quantface
