// NEON without its dot products (Cortex-A53, A72): levels and weights widened to int16, products added in
// int32 (smlal by lane).
#include "kernels/gemm/tiles_neon.h"

namespace quantface {

namespace {

struct Neon : NeonRows {
    static constexpr int kDepthUnit = 1;
    static constexpr int kDepth = 4;
    static constexpr bool kHasHead = false;

    // The next one or four levels.
    template <int kGroups>
    static int16x4_t load(const uint8_t* levels) {
        uint32_t bytes = 0;
        memcpy(&bytes, levels, kGroups);
        return vreinterpret_s16_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes)))));
    }

    template <int kLane, int kRows>
    [[gnu::always_inline]] static void add(const int8_t* weights, const int16x4_t (&levels)[kRows],
                                           RowSums<kRows>& sums) {
        const int8x16_t packed = vld1q_s8(weights);
        const int16x8_t low = vmovl_s8(vget_low_s8(packed)), high = vmovl_s8(vget_high_s8(packed));
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            sums[row][0] = vmlal_lane_s16(sums[row][0], vget_low_s16(low), levels[row], kLane);
            sums[row][1] = vmlal_lane_s16(sums[row][1], vget_high_s16(low), levels[row], kLane);
            sums[row][2] = vmlal_lane_s16(sums[row][2], vget_low_s16(high), levels[row], kLane);
            sums[row][3] = vmlal_lane_s16(sums[row][3], vget_high_s16(high), levels[row], kLane);
        }
    }

    template <int kRows, int kGroups>
    [[gnu::always_inline]] static void step(const uint8_t* const (&rows)[kRows], int64_t at,
                                            const int8_t* weights, RowSums<kRows>& sums) {
        int16x4_t levels[kRows];
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) levels[row] = load<kGroups>(rows[row] + at);
        add<0, kRows>(weights, levels, sums);
        if constexpr (kGroups == 4) {
            add<1, kRows>(weights + 16, levels, sums);
            add<2, kRows>(weights + 32, levels, sums);
            add<3, kRows>(weights + 48, levels, sums);
        }
    }
};

}  // namespace

const GemmKernel kGemmNeon{"neon",          0,       {16, 16, 1, 0},      kNeonMaxRows,
                           kLargestProduct, nullptr, run_neon_tiles<Neon>};

}  // namespace quantface
