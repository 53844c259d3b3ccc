// Two rows of eight levels times two columns of eight weights by one instruction (usmmla), levels unsigned as
// they are. A register of sums has two rows of two columns.
#include "kernels/gemm/tiles_neon.h"

namespace quantface {

namespace {

struct NeonI8mm {
    static constexpr int kDepthUnit = 8;
    static constexpr int kDepth = 8;
    static constexpr bool kHasHead = false;

    // Pairs of rows by pairs of columns; of an odd number of rows the last one stands twice.
    template <int kRows>
    static constexpr int kPairs = (kRows + 1) / 2;
    template <int kRows>
    using Sums = int32x4_t[kPairs<kRows>][8];

    template <int kRows>
    static void start(const int32x4_t (&bias)[4], Sums<kRows>& sums) {
#pragma GCC unroll 8
        for (int pair = 0; pair < kPairs<kRows>; ++pair) {
#pragma GCC unroll 8
            for (int v = 0; v < 4; ++v) {
                const int32x2_t low = vget_low_s32(bias[v]), high = vget_high_s32(bias[v]);
                sums[pair][2 * v] = vcombine_s32(low, low);
                sums[pair][2 * v + 1] = vcombine_s32(high, high);
            }
        }
    }

    template <int kRows, int kGroups>
    [[gnu::always_inline]] static void step(const uint8_t* const (&rows)[kRows], int64_t at,
                                            const int8_t* weights, Sums<kRows>& sums) {
        static_assert(kGroups == 1);
        uint8x16_t levels[kPairs<kRows>];
#pragma GCC unroll 8
        for (int pair = 0; pair < kPairs<kRows>; ++pair) {
            const int second = 2 * pair + 1 < kRows ? 2 * pair + 1 : 2 * pair;
            levels[pair] = vcombine_u8(vld1_u8(rows[2 * pair] + at), vld1_u8(rows[second] + at));
        }
#pragma GCC unroll 8
        for (int columns = 0; columns < 8; ++columns) {
            const int8x16_t packed = vld1q_s8(weights + 16 * columns);
#pragma GCC unroll 8
            for (int pair = 0; pair < kPairs<kRows>; ++pair) {
                sums[pair][columns] = vusmmlaq_s32(sums[pair][columns], levels[pair], packed);
            }
        }
    }

    template <int kRows>
    static void finish(const Sums<kRows>& sums, RowSums<kRows>& rows) {
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
            for (int v = 0; v < 4; ++v) {
                const int32x4_t first = sums[row / 2][2 * v], second = sums[row / 2][2 * v + 1];
                rows[row][v] = row % 2 == 0 ? vcombine_s32(vget_low_s32(first), vget_low_s32(second))
                                            : vcombine_s32(vget_high_s32(first), vget_high_s32(second));
            }
        }
    }
};

}  // namespace

const GemmKernel kGemmNeonI8mm{"neon_i8mm",     kCpuNeonI8mm, {16, 16, 8, 0},          kNeonMaxRows,
                               kLargestProduct, nullptr,      run_neon_tiles<NeonI8mm>};

}  // namespace quantface
