// Dimensions after Reshape, Flatten, Squeeze, Unsqueeze and Transpose, for constants and images alike.
#pragma once

#include <vector>

#include "formats/onnx_node.h"

namespace quantface {

// Product of the dimensions; refuses more than 2^31.
int64_t element_count(OnnxNode& node, const std::vector<int64_t>& dims);

// `dims` are those of the value (without kBatchSize), `target` the list that Reshape is given: 0 copies the
// dimension at its place, one -1 takes what is left. Refuses what does not hold the same number of elements.
std::vector<int64_t> reshaped_dims(OnnxNode& node, const std::vector<int64_t>& dims,
                                   std::vector<int64_t> target);

// `axes` sorted; empty drops every dimension of 1.
std::vector<int64_t> squeezed_dims(OnnxNode& node, const std::vector<int64_t>& dims,
                                   const std::vector<int64_t>& axes);

// `axes` sorted, counted in the result.
std::vector<int64_t> unsqueezed_dims(const std::vector<int64_t>& dims, const std::vector<int64_t>& axes);

// The attribute perm of Transpose, by default the reverse; refuses what is no permutation.
std::vector<int64_t> read_permutation(OnnxNode& node, size_t rank);

// Dimensions of the result of broadcasting; refuses what does not fit.
std::vector<int64_t> broadcast_dims(OnnxNode& node, const std::vector<int64_t>& a,
                                    const std::vector<int64_t>& b);

}  // namespace quantface
