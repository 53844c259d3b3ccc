// The epilogue of a fused operation in float32, on one image in NCHW: what the layers' fitting and the
// fake-quantized forward pass share.
#pragma once

#include <span>
#include <vector>

#include "graph/graph.h"
#include "quantize/fusion.h"

namespace quantface {

// In place on the result of the fused operation's main node (for a lone activation: on its input). residual:
// the value that is added, or empty where the operation has none.
void apply_activation_and_residual(const Graph& graph, const FusedNode& fused,
                                   std::span<const float> residual, std::span<float> data);

// The numbers of one output, before quantization.
void write_output(const Graph& graph, const FusedOutput& output, std::span<const float> result,
                  std::span<float> out);

}  // namespace quantface
