// Plain C++ in the blocked layout, for CPUs without a kernel of their own.
#include <algorithm>
#include <numeric>

#include "kernels/gemm/gemm.h"

namespace quantface {

namespace {

constexpr int kColumns = 16;

void multiply(int rows, const void* activations, ptrdiff_t row_stride_bytes, const int8_t* weights,
              int64_t depth_groups, int32_t* accumulators) {
    for (int row = 0; row < rows; ++row) {
        const uint8_t* levels = static_cast<const uint8_t*>(activations) + row * row_stride_bytes;
        int32_t sums[kColumns] = {};
        for (int64_t depth = 0; depth < depth_groups; ++depth) {
            const int32_t level = levels[depth];
            for (int column = 0; column < kColumns; ++column) {
                sums[column] += level * weights[depth * kColumns + column];
            }
        }
        std::copy(sums, sums + kColumns, accumulators + row * kColumns);
    }
}

void sum_rows(int64_t rows, const void* activations, ptrdiff_t row_stride_bytes, int64_t depth,
              int32_t* sums) {
    for (int64_t row = 0; row < rows; ++row) {
        const uint8_t* levels = static_cast<const uint8_t*>(activations) + row * row_stride_bytes;
        sums[row] = std::accumulate(levels, levels + depth, int32_t{0});
    }
}

void add_products(int rows, const int32_t* sums, const int32_t* factors, int32_t* accumulators) {
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < kColumns; ++column) {
            accumulators[row * kColumns + column] += sums[row] * factors[column];
        }
    }
}

}  // namespace

const GemmKernel kGemmPortable{{kColumns, 1}, 4, nullptr, multiply, sum_rows, add_products};

}  // namespace quantface
