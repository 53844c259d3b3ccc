#include "api/network.h"

#include <algorithm>

#include "kernels/kernel_set.h"

namespace quantface {

Network::Network(const IntegerModel& model)
    : name(model.name),
      min_weight_bits(kMaxBits),
      max_weight_bits(kMinBits),
      instruction_set(chosen_kernel_set().name),
      embedder(make_embedder(model)) {
    for (const IntegerNode& node : model.nodes) {
        const auto* conv = std::get_if<IntegerConv>(&node.op);
        if (conv == nullptr) continue;
        min_weight_bits = std::min(min_weight_bits, conv->weight_bits);
        max_weight_bits = std::max(max_weight_bits, conv->weight_bits);
    }
    // Without a convolution there are no weights, so no bits: whatever is claimed of them is true.
    max_weight_bits = std::max(max_weight_bits, min_weight_bits);
}

}  // namespace quantface
