// Small edits that the passes are made of.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace quantface {

// Every reader of `from`, and the graph's output, reads `to` instead.
void replace_uses(Graph& graph, ValueId from, ValueId to);

// Removes the nodes whose entry in `doomed` (one for each node) is true. Values stay, unused.
void remove_nodes(Graph& graph, const std::vector<bool>& doomed);

// True if exactly one node reads the value and it is not the graph's output.
bool has_single_use(const Graph& graph, ValueId value);

}  // namespace quantface
