#include "graph/passes/pass.h"
#include "graph/passes/rewrite.h"

namespace quantface {

namespace {
// A Flatten of a (c, 1, 1) value changes nothing either.
bool is_identity(const Graph& graph, const Node& node) {
    if (std::holds_alternative<IdentityOp>(node.op)) return true;
    return std::holds_alternative<FlattenOp>(node.op) && graph.values[node.inputs[0]].shape.plane() == 1;
}

// Drops the values that no node touches and numbers the rest anew.
void compact_values(Graph& graph) {
    std::vector<ValueId> renamed(graph.values.size(), kNoValue);
    std::vector<Value> kept;
    const auto rename = [&](ValueId& value) {
        if (renamed[value] == kNoValue) {
            renamed[value] = static_cast<ValueId>(kept.size());
            kept.push_back(graph.values[value]);
        }
        value = renamed[value];
    };
    rename(graph.input);
    for (Node& node : graph.nodes) {
        for (ValueId& input : node.inputs) rename(input);
        rename(node.output);
    }
    rename(graph.output);
    graph.values = std::move(kept);
}
}  // namespace

int remove_dead_code(Graph& graph) {
    std::vector<bool> doomed(graph.nodes.size(), false);
    for (size_t index = 0; index < graph.nodes.size(); ++index) {
        // The graph's input must not become its output: the last identity before it stays.
        if (is_identity(graph, graph.nodes[index]) &&
            !(graph.nodes[index].output == graph.output && graph.nodes[index].inputs[0] == graph.input)) {
            doomed[index] = true;
            replace_uses(graph, graph.nodes[index].output, graph.nodes[index].inputs[0]);
        }
    }
    std::vector<bool> needed(graph.values.size(), false);
    needed[graph.output] = true;
    int changes = 0;
    for (size_t index = graph.nodes.size(); index-- > 0;) {
        if (!needed[graph.nodes[index].output]) doomed[index] = true;
        if (doomed[index]) {
            ++changes;
            continue;
        }
        for (const ValueId input : graph.nodes[index].inputs) needed[input] = true;
    }
    remove_nodes(graph, doomed);
    compact_values(graph);
    return changes;
}

}  // namespace quantface
