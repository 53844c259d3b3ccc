// Four products of signed bytes added in int32 by one instruction (sdot). Levels are made signed by taking
// 128 away; what that takes from each sum, 128 times the sum of the column's weights, stands at the block's
// beginning.
#include "kernels/gemm/tiles_neon.h"

namespace quantface {

namespace {

struct NeonDotprod : NeonRows {
    static constexpr int kDepthUnit = 4;
    static constexpr int kDepth = 16;
    static constexpr bool kHasHead = true;

    template <int kGroups>
    static int8x16_t load(const uint8_t* levels) {
        const uint8x16_t half = vdupq_n_u8(128);
        if constexpr (kGroups == 4) {
            return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(levels), half));
        } else {
            uint32_t four = 0;
            memcpy(&four, levels, sizeof four);
            return vreinterpretq_s8_u8(veorq_u8(vreinterpretq_u8_u32(vdupq_n_u32(four)), half));
        }
    }

    template <int kLane, int kRows>
    [[gnu::always_inline]] static void add(const int8_t* weights, const int8x16_t (&levels)[kRows],
                                           RowSums<kRows>& sums) {
#pragma GCC unroll 8
        for (int v = 0; v < 4; ++v) {
            const int8x16_t packed = vld1q_s8(weights + 16 * v);
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) {
                sums[row][v] = vdotq_laneq_s32(sums[row][v], packed, levels[row], kLane);
            }
        }
    }

    template <int kRows, int kGroups>
    [[gnu::always_inline]] static void step(const uint8_t* const (&rows)[kRows], int64_t at,
                                            const int8_t* weights, RowSums<kRows>& sums) {
        int8x16_t levels[kRows];
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) levels[row] = load<kGroups>(rows[row] + at);
        add<0, kRows>(weights, levels, sums);
        if constexpr (kGroups == 4) {
            add<1, kRows>(weights + 64, levels, sums);
            add<2, kRows>(weights + 128, levels, sums);
            add<3, kRows>(weights + 192, levels, sums);
        }
    }
};

}  // namespace

const GemmKernel kGemmNeonDotprod{"neon_dotprod",  kCpuNeonDotprod, {16, 16, 4, 128},           kNeonMaxRows,
                                  kLargestProduct, nullptr,         run_neon_tiles<NeonDotprod>};

}  // namespace quantface
