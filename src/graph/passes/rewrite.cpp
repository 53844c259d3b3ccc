#include "graph/passes/rewrite.h"

#include <utility>

namespace quantface {

void replace_uses(Graph& graph, ValueId from, ValueId to) {
    for (Node& node : graph.nodes) {
        for (ValueId& input : node.inputs) {
            if (input == from) input = to;
        }
    }
    if (graph.output == from) graph.output = to;
}

void remove_nodes(Graph& graph, const std::vector<bool>& doomed) {
    std::vector<Node> kept;
    for (size_t index = 0; index < graph.nodes.size(); ++index) {
        if (!doomed[index]) kept.push_back(std::move(graph.nodes[index]));
    }
    graph.nodes = std::move(kept);
}

bool has_single_use(const Graph& graph, ValueId value) {
    return graph.output != value && graph.consumers_of(value).size() == 1;
}

}  // namespace quantface
