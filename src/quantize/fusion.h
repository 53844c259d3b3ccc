// Which nodes of the float graph become one integer operation, and which values are quantized as a result.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace quantface {

// Where the result of a fused operation goes: as it is, or through a scale and shift (a batch norm before a
// padded convolution).
struct FusedOutput {
    ValueId value = kNoValue;
    int affine_node = -1;
};

// node -> activation -> addition of `residual` (or the other way round) -> outputs, as IntegerModel's
// epilogue has it.
struct FusedNode {
    int node = -1;
    int activation_node = -1;
    bool activation_after_residual = false;
    ValueId residual = kNoValue;
    float residual_sign = 1;  // -1: subtracted
    std::vector<FusedOutput> outputs;
};

// In topological order. Every value in an `outputs` is quantized; the others exist within operations only.
// Throws Error(kBadInput) naming the node where an operation has no integer form.
std::vector<FusedNode> plan_fusion(const Graph& graph);

// One flag for each value of the graph: written or read by an addition, that is, on a residual stream.
std::vector<bool> residual_stream_values(const Graph& graph, const std::vector<FusedNode>& plan);

}  // namespace quantface
