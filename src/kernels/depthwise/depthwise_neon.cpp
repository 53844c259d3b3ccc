// Eight channels at a time, levels and weights as int16 (smlal); a column's levels are widened once for all
// output pixels that it belongs to. weights: (blocks of 8 channels, kx, ky, channel) as int16; a last block
// that would not be full begins earlier.
#include "kernels/depthwise/depthwise.h"
#include "kernels/epilogue/finish_tile.h"
#include "kernels/epilogue/lanes_neon.h"

namespace quantface {

namespace {

constexpr int kBlock = 8;

[[gnu::always_inline]] inline int16x8_t load_line(const uint8_t* line) {
    return vreinterpretq_s16_u16(vmovl_u8(vld1_u8(line)));
}

[[gnu::always_inline]] inline void load_bias(const DepthwiseTask& task, int channel, int32x4_t (&sums)[2]) {
    sums[0] = vld1q_s32(task.epilogue->bias + channel);
    sums[1] = vld1q_s32(task.epilogue->bias + channel + 4);
}

[[gnu::always_inline]] inline void multiply_add(int32x4_t (&sums)[2], int16x8_t levels, int16x8_t weights) {
    sums[0] = vmlal_s16(sums[0], vget_low_s16(levels), vget_low_s16(weights));
    sums[1] = vmlal_high_s16(sums[1], levels, weights);
}

// kPixels output pixels from `pixel` on with a 3x3 window without dilation.
template <int kPixels, int kStride>
[[gnu::always_inline]] inline void run_3x3(const DepthwiseTask& task, int pixel, int channel,
                                           const int16_t* weights) {
    int32x4_t sums[kPixels][2];
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) load_bias(task, channel, sums[p]);
    const uint8_t* const* lines = task.columns + pixel * kStride * 3;
#pragma GCC unroll 16
    for (int c = 0; c < (kPixels - 1) * kStride + 3; ++c) {
#pragma GCC unroll 8
        for (int ky = 0; ky < 3; ++ky) {
            const int16x8_t levels = load_line(lines[c * 3 + ky] + channel);
#pragma GCC unroll 8
            for (int p = 0; p < kPixels; ++p) {
                const int kx = c - p * kStride;
                if (kx < 0 || kx > 2) continue;
                multiply_add(sums[p], levels, vld1q_s16(weights + (kx * 3 + ky) * kBlock));
            }
        }
    }
    finish_sums<NeonLanes, kPixels, 2>(*task.epilogue, *task.data,
                                       {task.first_pixel + pixel, channel, kBlock}, sums);
}

template <int kStride>
void run_block_3x3(const DepthwiseTask& task, int channel, const int16_t* weights) {
    int pixel = 0;
    for (; pixel + 4 <= task.pixels; pixel += 4) run_3x3<4, kStride>(task, pixel, channel, weights);
    for (; pixel < task.pixels; ++pixel) run_3x3<1, kStride>(task, pixel, channel, weights);
}

// Any window.
void run_block(const DepthwiseTask& task, int channel, const int16_t* weights) {
    const int16x8_t ones = vdupq_n_s16(1);
    for (int pixel = 0; pixel < task.pixels; ++pixel) {
        int32x4_t sums[1][2], level_sums[2] = {vdupq_n_s32(0), vdupq_n_s32(0)};
        load_bias(task, channel, sums[0]);
        const int16_t* packed = weights;
        for (int kx = 0; kx < task.kernel_width; ++kx) {
            const uint8_t* const* lines =
                task.columns + (pixel * task.stride_x + kx * task.dilation_x) * task.column_lines;
            for (int ky = 0; ky < task.kernel_height; ++ky, packed += kBlock) {
                const int16x8_t levels = load_line(lines[ky] + channel);
                multiply_add(sums[0], levels, vld1q_s16(packed));
                if (task.weight_offset) multiply_add(level_sums, levels, ones);
            }
        }
        if (task.weight_offset) {
            for (int v = 0; v < 2; ++v) {
                sums[0][v] =
                    vmlaq_s32(sums[0][v], level_sums[v], vld1q_s32(task.weight_offset + channel + 4 * v));
            }
        }
        finish_sums<NeonLanes, 1, 2>(*task.epilogue, *task.data, {task.first_pixel + pixel, channel, kBlock},
                                     sums);
    }
}

}  // namespace

void run_depthwise_neon(const DepthwiseTask& task) {
    if (task.channels < kBlock) {
        run_depthwise_portable(task);
        return;
    }
    const bool is_3x3 = task.kernel_height == 3 && task.kernel_width == 3 && task.dilation_x == 1;
    const int64_t block_entries = int64_t{task.kernel_width} * task.kernel_height * kBlock;
    for (int first = task.first_channel; first < task.end_channel; first += kBlock) {
        const auto* weights = reinterpret_cast<const int16_t*>(task.weights) + first / kBlock * block_entries;
        const int last = task.channels - kBlock, channel = first < last ? first : last;
        if (is_3x3 && task.stride_x == 1 && !task.weight_offset) {
            run_block_3x3<1>(task, channel, weights);
        } else if (is_3x3 && task.stride_x == 2 && !task.weight_offset) {
            run_block_3x3<2>(task, channel, weights);
        } else {
            run_block(task, channel, weights);
        }
    }
}

}  // namespace quantface
