// The inner product of a few rows of levels with one block of columns of weights: all that a convolution
// needs of an instruction set, besides the epilogue.
#pragma once

#include <cstddef>
#include <cstdint>

namespace quantface {

// How weights are laid out for a kernel: blocks of `columns` output channels; in each, groups of `depth_unit`
// consecutive weights of one channel: (column block, depth group, column, depth within the group), zeros
// where there is no channel or depth.
struct GemmPacking {
    int columns = 1;
    int depth_unit = 1;
    bool operator==(const GemmPacking&) const = default;
};

constexpr int kMaxGemmRows = 16;
constexpr int kMaxGemmColumns = 64;

// accumulators (rows, packing.columns) = activations (rows, depth_groups * depth_unit) * weights.
// activations: uint8_t levels, or int16_t where the kernel has a `widen`; row_stride_bytes from row to row.
// What they hold past the true depth does not matter, as the weights are zero there. Exact in int32.
struct GemmKernel {
    GemmPacking packing;
    int max_rows = 1;                                                    // <= kMaxGemmRows
    void (*widen)(const uint8_t* levels, int64_t count, int16_t* wide);  // null: takes levels as they are
    void (*multiply)(int rows, const void* activations, ptrdiff_t row_stride_bytes, const int8_t* weights,
                     int64_t depth_groups, int32_t* accumulators);
    // For asymmetric weights. sums[row] = the sum of the row's `depth` entries; rows any number.
    void (*sum_rows)(int64_t rows, const void* activations, ptrdiff_t row_stride_bytes, int64_t depth,
                     int32_t* sums);
    // accumulators (rows, packing.columns) += sums[row] * factors[column].
    void (*add_products)(int rows, const int32_t* sums, const int32_t* factors, int32_t* accumulators);
};

extern const GemmKernel kGemmPortable;
#if defined(QUANTFACE_X86_KERNELS)
extern const GemmKernel kGemmAvx2;
extern const GemmKernel kGemmAvx512Vnni;
#endif

}  // namespace quantface
