// Constant float32 tensors: weights and per-channel vectors of a graph.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

namespace quantface {

// Row-major. dims is empty for a scalar (one element).
struct Tensor {
    std::vector<int64_t> dims;
    std::vector<float> data;

    int64_t element_count() const {
        return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
    }
};

}  // namespace quantface
