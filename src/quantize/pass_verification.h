// Runs the graph passes and holds each against the graph before it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace quantface {

struct PassReport {
    std::string name;
    int changes = 0;
    // Largest difference between the embeddings before and after on random input, relative to the largest
    // number of the embedding before.
    double largest_difference = 0;
};

// Largest relative difference between two graphs' embeddings over a few random inputs.
double largest_embedding_difference(const Graph& before, const Graph& after);

// Differences beyond this are no rounding: the pass is wrong.
constexpr double kPassTolerance = 1e-3;

// Throws std::logic_error where a pass changes what the graph computes.
std::vector<PassReport> run_verified_passes(Graph& graph, std::span<const std::string> skip);

// Every pass name that may be skipped, the quantizer's own "equalize" among them. Throws Error(kUsage) for
// others.
void check_pass_names(std::span<const std::string> names);

}  // namespace quantface
