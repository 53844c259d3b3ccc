// The float graph that runs as a quantized network does: to ask what quantizing one layer, or some, costs.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "quantize/fusion.h"
#include "quantize/integer_lowering.h"

namespace quantface {

// Gives a convolution of `result`, a copy of `graph`, the weights and bias that it will run with.
void set_quantized_weights(const Graph& graph, int node, const QuantizedConv& quantized, Graph& result);

// The float graph in which the given layers of the plan (all where empty) run as they are quantized: weights
// dequantized, outputs through FakeQuant. With all layers it simulates the integer network.
Graph fake_quantized_graph(const Graph& graph, const std::vector<FusedNode>& plan,
                           const QuantizedGraph& quantized, const std::vector<size_t>& layers = {});

}  // namespace quantface
