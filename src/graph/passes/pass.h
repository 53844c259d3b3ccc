// Exact rewrites of a float graph: after each, the network computes the same function (up to float32
// rounding). Each has a name by which it can be skipped, and is verified by whoever runs the list
// (quantize/pass_verification.h).
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace quantface {

struct GraphPass {
    const char* name;
    const char* what;          // one line for the user
    int (*run)(Graph& graph);  // returns how many places it changed; leaves the graph valid
};

// In the order in which they run:
//   remove-dead-code       nodes that do not reach the output, identities
//   gemm-to-convolution    Gemm, with the Flatten before it, as the convolution over the whole image that it
//   is batch-norm-to-affine   batch norm as scale and shift; chains of scale and shift joined
//   fold-into-previous     scale and shift into the convolution before
//   fold-into-next         scale and shift into the convolutions behind, where none of them pads
std::span<const GraphPass> graph_passes();

// Is called after each pass that changed something, with the graph before and after.
using PassObserver =
    std::function<void(const GraphPass& pass, int changes, const Graph& before, const Graph& after)>;

// Runs the list but for the names in `skip`.
void run_passes(Graph& graph, std::span<const std::string> skip, const PassObserver& observer = {});

// The passes, one file each.
int remove_dead_code(Graph& graph);
int gemm_to_convolution(Graph& graph);
int batch_norm_to_affine(Graph& graph);
int fold_into_previous(Graph& graph);
int fold_into_next(Graph& graph);

}  // namespace quantface
