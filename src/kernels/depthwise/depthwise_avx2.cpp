// Sixteen channels and two lines of a column at a time: their levels interleaved and widened, once for all
// output pixels that the column belongs to, then multiplied by pairs of weights (vpmaddwd). weights: (blocks
// of 16 channels, kx, pairs of lines, channel, 2) as int16; a last block that would not be full begins
// earlier.
#include "kernels/depthwise/depthwise.h"
#include "kernels/epilogue/finish_tile.h"
#include "kernels/epilogue/lanes_avx2.h"

namespace quantface {

namespace {

constexpr int kBlock = 16;
constexpr int kPairEntries = 2 * kBlock;

int line_pairs(int kernel_height) {
    return (kernel_height + 1) / 2;
}

// Vector v has the channels 8 v to 8 v + 7, two levels each.
struct Pair {
    __m256i levels[2];
};

// lines: one or two of them.
[[gnu::always_inline]] inline Pair interleave(const uint8_t* const* lines, int count, int channel) {
    const __m128i l0 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(lines[0] + channel));
    const __m128i l1 = count > 1 ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(lines[1] + channel))
                                 : _mm_setzero_si128();
    return {
        {_mm256_cvtepu8_epi16(_mm_unpacklo_epi8(l0, l1)), _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(l0, l1))}};
}

[[gnu::always_inline]] inline __m256i load(const int16_t* weights, int v) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights) + v);
}

[[gnu::always_inline]] inline void load_bias(const DepthwiseTask& task, int channel, __m256i (&sums)[2]) {
    for (int v = 0; v < 2; ++v) {
        sums[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(task.epilogue->bias + channel) + v);
    }
}

// kPixels output pixels from `pixel` on with a 3x3 window without dilation.
template <int kPixels, int kStride>
[[gnu::always_inline]] inline void run_3x3(const DepthwiseTask& task, int pixel, int channel,
                                           const int16_t* weights) {
    __m256i sums[kPixels][2];
    for (int p = 0; p < kPixels; ++p) load_bias(task, channel, sums[p]);
    const uint8_t* const* lines = task.columns + pixel * kStride * 3;
#pragma GCC unroll 16
    for (int c = 0; c < (kPixels - 1) * kStride + 3; ++c) {
        const Pair pairs[2] = {interleave(lines + c * 3, 2, channel),
                               interleave(lines + c * 3 + 2, 1, channel)};
#pragma GCC unroll 4
        for (int p = 0; p < kPixels; ++p) {
            const int kx = c - p * kStride;
            if (kx < 0 || kx > 2) continue;
            for (int pair = 0; pair < 2; ++pair) {
                const int16_t* packed = weights + (kx * 2 + pair) * kPairEntries;
                for (int v = 0; v < 2; ++v) {
                    sums[p][v] = _mm256_add_epi32(sums[p][v],
                                                  _mm256_madd_epi16(pairs[pair].levels[v], load(packed, v)));
                }
            }
        }
    }
    finish_sums<Avx2Lanes, kPixels, 2>(*task.epilogue, *task.data,
                                       {task.first_pixel + pixel, channel, kBlock}, sums);
}

template <int kStride>
void run_block_3x3(const DepthwiseTask& task, int channel, const int16_t* weights) {
    int pixel = 0;
    for (; pixel + 4 <= task.pixels; pixel += 4) run_3x3<4, kStride>(task, pixel, channel, weights);
    for (; pixel < task.pixels; ++pixel) run_3x3<1, kStride>(task, pixel, channel, weights);
}

// Any window.
template <bool kOffset>
void run_block(const DepthwiseTask& task, int channel, const int16_t* weights) {
    const __m256i ones = _mm256_set1_epi16(1);
    for (int pixel = 0; pixel < task.pixels; ++pixel) {
        __m256i sums[1][2], level_sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
        load_bias(task, channel, sums[0]);
        const int16_t* packed = weights;
        for (int kx = 0; kx < task.kernel_width; ++kx) {
            const uint8_t* const* lines =
                task.columns + (pixel * task.stride_x + kx * task.dilation_x) * task.column_lines;
            for (int ky = 0; ky < task.kernel_height; ky += 2, packed += kPairEntries) {
                const Pair pair = interleave(lines + ky, task.kernel_height - ky, channel);
                for (int v = 0; v < 2; ++v) {
                    sums[0][v] =
                        _mm256_add_epi32(sums[0][v], _mm256_madd_epi16(pair.levels[v], load(packed, v)));
                    if constexpr (kOffset) {
                        level_sums[v] =
                            _mm256_add_epi32(level_sums[v], _mm256_madd_epi16(pair.levels[v], ones));
                    }
                }
            }
        }
        if constexpr (kOffset) {
            const auto* offsets = reinterpret_cast<const __m256i*>(task.weight_offset + channel);
            for (int v = 0; v < 2; ++v) {
                sums[0][v] = _mm256_add_epi32(
                    sums[0][v], _mm256_mullo_epi32(level_sums[v], _mm256_loadu_si256(offsets + v)));
            }
        }
        finish_sums<Avx2Lanes, 1, 2>(*task.epilogue, *task.data, {task.first_pixel + pixel, channel, kBlock},
                                     sums);
    }
}

}  // namespace

void run_depthwise_avx2(const DepthwiseTask& task) {
    if (task.channels < kBlock) {
        run_depthwise_portable(task);
        return;
    }
    const bool is_3x3 = task.kernel_height == 3 && task.kernel_width == 3 && task.dilation_x == 1;
    const int64_t block_entries = int64_t{task.kernel_width} * line_pairs(task.kernel_height) * kPairEntries;
    for (int first = task.first_channel; first < task.end_channel; first += kBlock) {
        const auto* weights = reinterpret_cast<const int16_t*>(task.weights) + first / kBlock * block_entries;
        const int last = task.channels - kBlock, channel = first < last ? first : last;
        if (task.weight_offset) {
            run_block<true>(task, channel, weights);
        } else if (is_3x3 && task.stride_x == 1) {
            run_block_3x3<1>(task, channel, weights);
        } else if (is_3x3 && task.stride_x == 2) {
            run_block_3x3<2>(task, channel, weights);
        } else {
            run_block<false>(task, channel, weights);
        }
    }
}

}  // namespace quantface
