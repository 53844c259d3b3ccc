#include "graph/passes/pass.h"

#include <algorithm>
#include <array>

namespace quantface {

namespace {
constexpr std::array kPasses{
    GraphPass{"remove-dead-code", "drop identities and what does not reach the embedding", remove_dead_code},
    GraphPass{"gemm-to-convolution", "treat a fully connected layer as a convolution", gemm_to_convolution},
    GraphPass{"batch-norm-to-affine", "write batch norms as scale and shift", batch_norm_to_affine},
    GraphPass{"fold-into-previous", "fold scale and shift into the convolution before", fold_into_previous},
    GraphPass{"fold-into-next", "fold scale and shift into unpadded convolutions behind", fold_into_next},
};
}  // namespace

std::span<const GraphPass> graph_passes() {
    return kPasses;
}

void run_passes(Graph& graph, std::span<const std::string> skip, const PassObserver& observer) {
    for (const GraphPass& pass : kPasses) {
        if (std::find(skip.begin(), skip.end(), pass.name) != skip.end()) continue;
        const Graph before = observer ? graph : Graph{};
        const int changes = pass.run(graph);
        if (changes == 0) continue;
        validate(graph);
        if (observer) observer(pass, changes, before, graph);
    }
}

}  // namespace quantface
