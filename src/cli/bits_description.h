// How many bits a network has, in the field's short form.
#pragma once

#include <string>

#include "graph/integer_model.h"

namespace quantface {

// "w6a6" where every weight and every quantized activation has 6 bits. Otherwise the bits of most weights and
// of most activations, and what differs: "w6a6 + 8-bit ends" (the first and last layer's weights, the last
// layer's input), "w6a6 + 8-bit residuals" (what additions read and make), "w6a6, mixed" (anything else). The
// image's pixels and the float32 embedding are no activations.
// Asymmetric weights are said at the end: ", asymmetric weights" or ", weights asymmetric in part".
std::string describe_bits(const IntegerModel& model);

}  // namespace quantface
