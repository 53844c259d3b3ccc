// The matrix product behind every dense convolution: a few rows of levels, each in one or more pieces
// anywhere in memory, times one block of columns of weights, and the epilogue on the sums while they are in
// registers. One row of gemm_kernels() for each way of an instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/cpu_features.h"
#include "kernels/epilogue/epilogue.h"

namespace quantface {

// How weights are laid out for a kernel: blocks of `columns` output channels, the last one with as few
// multiples of column_unit as hold it; in each, groups of depth_unit consecutive weights of one channel:
// (depth group, column, depth within the group), zeros where there is no channel or depth.
struct GemmPacking {
    int columns = 1;
    int column_unit = 1;
    int depth_unit = 1;
    // The kernel reads levels less this (as s8): each block begins with an int32 for each of its columns,
    // this times the sum of the column's weights.
    int level_offset = 0;
};

constexpr int kMaxGemmColumns = 64;

// What one call computes: sum[r][c] = bias[first_channel + c] + sum over pieces p and entries d of the row's
// level * weight, and then the epilogue of pixels first_pixel + r, channels first_channel + c.
struct GemmTask {
    // Piece p of row r: rows[r * row_step + p], piece_groups * depth_unit entries, u8 or (where the kernel
    // widens) int16. What they hold past the true depth does not matter, as the weights are zero there.
    const void* const* rows = nullptr;
    int row_count = 0;                // 1..max_rows
    int64_t row_step = 0;             // pointers from row to row
    int64_t pieces = 0;               // at least 1
    int64_t first_piece = 0;          // pieces of the weights that are passed over before the first
    int64_t piece_groups = 0;         // at least 1
    const int8_t* weights = nullptr;  // the block
    int columns = 0;                  // true channels of the block, 1..packing.columns
    // Asymmetric weights: level_sums[r] * weight_offset[first_channel + c] is added; null: none.
    const int32_t* level_sums = nullptr;
    const int32_t* weight_offset = nullptr;
    // Where the kernel adds in int16: how many depth groups one lane can take before it is widened, at
    // least 1.
    int64_t groups_in_int16 = 1;
    const int32_t* bias = nullptr;  // by channel, in place of the epilogue's
    const EpilogueParams* epilogue = nullptr;
    const EpilogueData* data = nullptr;
    int64_t first_pixel = 0;
    int first_channel = 0;
    // Memory that is needed soon: with each depth group, so many bytes more of it may be fetched.
    const std::byte* prefetch = nullptr;
    int64_t prefetch_step = 0;
};

// The largest product of a level and a weight that there is.
constexpr int32_t kLargestProduct = 255 * 128;
// The largest of which two pairs can be added in int16: less would be no gain over int32.
constexpr int32_t kNarrowProduct = 32767 / 4;

struct GemmKernel {
    const char* name;
    CpuFeatures needs;
    GemmPacking packing;
    int max_rows;
    // Takes operands whose largest level times largest magnitude of a weight is no more.
    int32_t largest_product;
    void (*widen)(const uint8_t* levels, int64_t count, int16_t* wide);  // null: takes levels as they are
    void (*run)(const GemmTask& task);
};

// By instruction set from the plainest on; of one set the kernel that takes any operands comes first.
std::span<const GemmKernel> gemm_kernels();

extern const GemmKernel kGemmPortable;
#if defined(QUANTFACE_X86_KERNELS)
extern const GemmKernel kGemmAvx2;
extern const GemmKernel kGemmAvx2Narrow;
extern const GemmKernel kGemmAvx512;
extern const GemmKernel kGemmAvx512Narrow;
extern const GemmKernel kGemmAvxVnni;
extern const GemmKernel kGemmAvx512VnniYmm;
extern const GemmKernel kGemmAvx512Vnni;
#endif
#if defined(QUANTFACE_NEON_KERNELS)
extern const GemmKernel kGemmNeon;
extern const GemmKernel kGemmNeonDotprod;
extern const GemmKernel kGemmNeonI8mm;
#endif

}  // namespace quantface
