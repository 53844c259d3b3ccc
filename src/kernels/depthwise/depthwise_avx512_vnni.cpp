// Sixty-four channels and four lines of a column at a time: their levels interleaved byte by byte, once for
// all output pixels that the column belongs to, then vpdpbusd. weights: (blocks of 64 channels, kx, groups of
// four lines, channel, 4).
#include "kernels/depthwise/depthwise.h"
#include "kernels/epilogue/finish_tile.h"
#include "kernels/epilogue/lanes_avx512.h"

namespace quantface {

namespace {

constexpr int kBlock = 64;
constexpr int kGroupBytes = 4 * kBlock;

int line_groups(int kernel_height) {
    return (kernel_height + 3) / 4;
}

// Vector v gets the channels 16 v to 16 v + 15, four levels each. Interleaving works within 128-bit lanes, so
// channels are brought into the lane first in which they are needed.
struct Column {
    __m512i levels[4];
};

[[gnu::always_inline]] inline __m512i load_line(const uint8_t* line, __mmask64 mask) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, _mm512_maskz_loadu_epi8(mask, line));
}

// lines: `count` of them, 1..4, at the block's first channel.
[[gnu::always_inline]] inline Column interleave(const uint8_t* const* lines, int count, int channel,
                                                __mmask64 mask) {
    const __m512i zero = _mm512_setzero_si512();
    const __m512i l0 = load_line(lines[0] + channel, mask);
    const __m512i l1 = count > 1 ? load_line(lines[1] + channel, mask) : zero;
    const __m512i l2 = count > 2 ? load_line(lines[2] + channel, mask) : zero;
    const __m512i l3 = count > 3 ? load_line(lines[3] + channel, mask) : zero;
    const __m512i low01 = _mm512_unpacklo_epi8(l0, l1), high01 = _mm512_unpackhi_epi8(l0, l1);
    const __m512i low23 = _mm512_unpacklo_epi8(l2, l3), high23 = _mm512_unpackhi_epi8(l2, l3);
    return {{_mm512_unpacklo_epi16(low01, low23), _mm512_unpackhi_epi16(low01, low23),
             _mm512_unpacklo_epi16(high01, high23), _mm512_unpackhi_epi16(high01, high23)}};
}

[[gnu::always_inline]] inline void load_bias(const DepthwiseTask& task, int channel, __m512i (&sums)[4]) {
    for (int v = 0; v < 4; ++v) sums[v] = _mm512_loadu_si512(task.epilogue->bias + channel + 16 * v);
}

// kPixels output pixels of kLines lines from `pixel` on with a 3x3 window without dilation.
template <int kLines, int kPixels, int kStride>
[[gnu::always_inline]] inline void run_3x3(const DepthwiseTask& task, int pixel, int channel, int count,
                                           const std::byte* weights) {
    constexpr int kColumnLines = 2 + kLines;
    const __mmask64 mask = count >= kBlock ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
    __m512i sums[kLines][kPixels][4];
#pragma GCC unroll 8
    for (int line = 0; line < kLines; ++line) {
#pragma GCC unroll 8
        for (int p = 0; p < kPixels; ++p) load_bias(task, channel, sums[line][p]);
    }
    const uint8_t* const* lines = task.columns + pixel * kStride * kColumnLines;
#pragma GCC unroll 16
    for (int c = 0; c < (kPixels - 1) * kStride + 3; ++c) {
        const Column column = interleave(lines + c * kColumnLines, kColumnLines, channel, mask);
#pragma GCC unroll 8
        for (int p = 0; p < kPixels; ++p) {
            const int kx = c - p * kStride;
            if (kx < 0 || kx > 2) continue;
#pragma GCC unroll 8
            for (int line = 0; line < kLines; ++line) {
#pragma GCC unroll 8
                for (int v = 0; v < 4; ++v) {
                    const std::byte* packed = weights + (3 * line + kx) * kGroupBytes + 64 * v;
                    sums[line][p][v] =
                        _mm512_dpbusd_epi32(sums[line][p][v], column.levels[v], _mm512_loadu_si512(packed));
                }
            }
        }
    }
#pragma GCC unroll 8
    for (int line = 0; line < kLines; ++line) {
        finish_sums<Avx512Lanes, kPixels, 4>(
            *task.epilogue, *task.data, {task.first_pixel + pixel + line * task.second_line, channel, count},
            sums[line]);
    }
}

template <int kLines, int kStride>
void run_block_3x3(const DepthwiseTask& task, int channel, int count, const std::byte* weights) {
    constexpr int kPixels = kLines == 2 ? 2 : 4;
    int pixel = 0;
    for (; pixel + kPixels <= task.pixels; pixel += kPixels) {
        run_3x3<kLines, kPixels, kStride>(task, pixel, channel, count, weights);
    }
    for (; pixel < task.pixels; ++pixel) run_3x3<kLines, 1, kStride>(task, pixel, channel, count, weights);
}

// Any window.
template <bool kOffset>
void run_block(const DepthwiseTask& task, int channel, int count, const std::byte* weights) {
    const __mmask64 mask = count >= kBlock ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
    const __m512i ones = _mm512_set1_epi8(1);
    for (int pixel = 0; pixel < task.pixels; ++pixel) {
        __m512i sums[1][4], level_sums[4];
        load_bias(task, channel, sums[0]);
        for (__m512i& sum : level_sums) sum = _mm512_setzero_si512();
        const std::byte* packed = weights;
        for (int kx = 0; kx < task.kernel_width; ++kx) {
            const uint8_t* const* lines =
                task.columns + (pixel * task.stride_x + kx * task.dilation_x) * task.column_lines;
            for (int ky = 0; ky < task.kernel_height; ky += 4, packed += kGroupBytes) {
                const Column column = interleave(lines + ky, task.kernel_height - ky, channel, mask);
                for (int v = 0; v < 4; ++v) {
                    sums[0][v] = _mm512_dpbusd_epi32(sums[0][v], column.levels[v],
                                                     _mm512_loadu_si512(packed + 64 * v));
                    if constexpr (kOffset) {
                        level_sums[v] = _mm512_dpbusd_epi32(level_sums[v], column.levels[v], ones);
                    }
                }
            }
        }
        if constexpr (kOffset) {
            for (int v = 0; v < 4; ++v) {
                const __m512i offset = _mm512_loadu_si512(task.weight_offset + channel + 16 * v);
                sums[0][v] = _mm512_add_epi32(sums[0][v], _mm512_mullo_epi32(level_sums[v], offset));
            }
        }
        finish_sums<Avx512Lanes, 1, 4>(*task.epilogue, *task.data, {task.first_pixel + pixel, channel, count},
                                       sums);
    }
}

}  // namespace

void run_depthwise_avx512_vnni(const DepthwiseTask& task) {
    const bool is_3x3 = task.kernel_height == 3 && task.kernel_width == 3;
    const bool dense = is_3x3 && task.dilation_x == 1 && !task.weight_offset;
    const int64_t block_bytes =
        int64_t{task.kernel_width} * line_groups(task.kernel_height) * kGroupBytes * (is_3x3 ? 2 : 1);
    for (int channel = task.first_channel; channel < task.end_channel; channel += kBlock) {
        const int left = task.end_channel - channel, count = left < kBlock ? left : kBlock;
        const std::byte* weights = task.weights + channel / kBlock * block_bytes;
        if (task.lines == 2) {
            run_block_3x3<2, 1>(task, channel, count, weights);
        } else if (dense && task.stride_x == 1) {
            run_block_3x3<1, 1>(task, channel, count, weights);
        } else if (dense && task.stride_x == 2) {
            run_block_3x3<1, 2>(task, channel, count, weights);
        } else if (task.weight_offset) {
            run_block<true>(task, channel, count, weights);
        } else {
            run_block<false>(task, channel, count, weights);
        }
    }
}

}  // namespace quantface
