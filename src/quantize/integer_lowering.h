// From a float graph with decided numbers to the integer model: pure bookkeeping, nothing is estimated here.
#pragma once

#include <map>
#include <vector>

#include "graph/integer_model.h"
#include "quantize/fusion.h"

namespace quantface {

// A convolution's weights and bias as they will run.
struct QuantizedConv {
    int bits = 8;
    std::vector<float> scale;  // one for each output channel, > 0
    // One for each output channel, 0..2^bits - 1: asymmetric weights. Empty: symmetric ones.
    std::vector<int32_t> zero_point;
    // In the float weight's order (out, in / groups, kernel height, kernel width): |level| <=
    // weight_limit(bits), or 0..2^bits - 1 where there are zero points.
    std::vector<int32_t> level;
    std::vector<float> bias;  // real units, one for each output channel
};

struct QuantizedGraph {
    std::vector<QuantParams> values;     // one for each value of the graph; those never stored are ignored
    std::map<int, QuantizedConv> convs;  // by node index
};

// The levels less their channel's zero point: multiplied by the channel's scale they are the weights.
std::vector<int32_t> centred_levels(const QuantizedConv& conv);

// The float weights that the levels stand for.
std::vector<float> dequantized_weights(const QuantizedConv& conv);

// The result has passed validate(); teacher_sha256 and record are left empty.
IntegerModel lower_to_integer(const Graph& graph, const std::vector<FusedNode>& plan,
                              const QuantizedGraph& quantized);

}  // namespace quantface
