#include "api/network.h"

#include <algorithm>

namespace quantface {

Network::Network(const IntegerModel& model)
    : name(model.name),
      input_spec(model.input_spec),
      embedding_size(model.embedding_size()),
      min_weight_bits(kMaxBits),
      max_weight_bits(kMinBits),
      executor(model) {
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
