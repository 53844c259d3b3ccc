// For levels and weights of few bits: thirty-two channels and two lines of a column at a time, products and
// all their sums in int16 (vpmaddubsw), widened once at the end. At 6 bits nine taps are at most 9 * 63 * 31.
// weights: (blocks of 32 channels, kx, pairs of lines, channel, 2); a last block that would not be full
// begins earlier.
#include "kernels/depthwise/depthwise.h"
#include "kernels/epilogue/finish_tile.h"
#include "kernels/epilogue/lanes_avx2.h"

namespace quantface {

namespace {

constexpr int kBlock = 32;
constexpr int kPairBytes = 2 * kBlock;

int line_pairs(int kernel_height) {
    return (kernel_height + 1) / 2;
}

// Vector v has the channels 16 v to 16 v + 15, two levels each.
struct Pair {
    __m256i levels[2];
};

// Interleaving works within 128-bit lanes, so channels are brought into the lane first in which they are
// needed.
[[gnu::always_inline]] inline __m256i load_line(const uint8_t* line) {
    return _mm256_permute4x64_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(line)), 0xd8);
}

// lines: one or two of them.
[[gnu::always_inline]] inline Pair interleave(const uint8_t* const* lines, int count, int channel) {
    const __m256i l0 = load_line(lines[0] + channel);
    const __m256i l1 = count > 1 ? load_line(lines[1] + channel) : _mm256_setzero_si256();
    return {{_mm256_unpacklo_epi8(l0, l1), _mm256_unpackhi_epi8(l0, l1)}};
}

[[gnu::always_inline]] inline __m256i multiply_add(__m256i sum, __m256i levels, const std::byte* weights) {
    const __m256i packed = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
    return _mm256_add_epi16(sum, _mm256_maddubs_epi16(levels, packed));
}

// Sixteen channels of kPixels pixels: sums widened, bias added.
template <int kPixels>
[[gnu::always_inline]] inline void finish(const DepthwiseTask& task, int pixel, int channel,
                                          const __m256i (&narrow)[kPixels][2], int half) {
    __m256i sums[kPixels][2];
    const auto* bias = reinterpret_cast<const __m256i*>(task.epilogue->bias + channel);
    for (int p = 0; p < kPixels; ++p) {
        const __m128i low = _mm256_castsi256_si128(narrow[p][half]);
        const __m128i high = _mm256_extracti128_si256(narrow[p][half], 1);
        sums[p][0] = _mm256_add_epi32(_mm256_cvtepi16_epi32(low), _mm256_loadu_si256(bias));
        sums[p][1] = _mm256_add_epi32(_mm256_cvtepi16_epi32(high), _mm256_loadu_si256(bias + 1));
    }
    finish_sums<Avx2Lanes, kPixels, 2>(*task.epilogue, *task.data, {task.first_pixel + pixel, channel, 16},
                                       sums);
}

// kPixels output pixels from `pixel` on with a 3x3 window without dilation.
template <int kPixels, int kStride>
[[gnu::always_inline]] inline void run_3x3(const DepthwiseTask& task, int pixel, int channel,
                                           const std::byte* weights) {
    __m256i narrow[kPixels][2];
    for (auto& sums : narrow) sums[0] = sums[1] = _mm256_setzero_si256();
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
                const std::byte* packed = weights + (kx * 2 + pair) * kPairBytes;
                for (int v = 0; v < 2; ++v) {
                    narrow[p][v] = multiply_add(narrow[p][v], pairs[pair].levels[v], packed + 32 * v);
                }
            }
        }
    }
    finish<kPixels>(task, pixel, channel, narrow, 0);
    finish<kPixels>(task, pixel, channel + 16, narrow, 1);
}

template <int kStride>
void run_block_3x3(const DepthwiseTask& task, int channel, const std::byte* weights) {
    int pixel = 0;
    for (; pixel + 4 <= task.pixels; pixel += 4) run_3x3<4, kStride>(task, pixel, channel, weights);
    for (; pixel < task.pixels; ++pixel) run_3x3<1, kStride>(task, pixel, channel, weights);
}

// Any window.
void run_block(const DepthwiseTask& task, int channel, const std::byte* weights) {
    for (int pixel = 0; pixel < task.pixels; ++pixel) {
        __m256i narrow[1][2] = {{_mm256_setzero_si256(), _mm256_setzero_si256()}};
        const std::byte* packed = weights;
        for (int kx = 0; kx < task.kernel_width; ++kx) {
            const uint8_t* const* lines =
                task.columns + (pixel * task.stride_x + kx * task.dilation_x) * task.column_lines;
            for (int ky = 0; ky < task.kernel_height; ky += 2, packed += kPairBytes) {
                const Pair pair = interleave(lines + ky, task.kernel_height - ky, channel);
                for (int v = 0; v < 2; ++v) {
                    narrow[0][v] = multiply_add(narrow[0][v], pair.levels[v], packed + 32 * v);
                }
            }
        }
        finish<1>(task, pixel, channel, narrow, 0);
        finish<1>(task, pixel, channel + 16, narrow, 1);
    }
}

}  // namespace

void run_depthwise_avx2_narrow(const DepthwiseTask& task) {
    if (task.channels < kBlock) {
        run_depthwise_portable(task);
        return;
    }
    const bool is_3x3 = task.kernel_height == 3 && task.kernel_width == 3 && task.dilation_x == 1;
    const int64_t block_bytes = int64_t{task.kernel_width} * line_pairs(task.kernel_height) * kPairBytes;
    for (int first = task.first_channel; first < task.end_channel; first += kBlock) {
        const std::byte* weights = task.weights + first / kBlock * block_bytes;
        const int last = task.channels - kBlock, channel = first < last ? first : last;
        if (is_3x3 && task.stride_x == 1) {
            run_block_3x3<1>(task, channel, weights);
        } else if (is_3x3 && task.stride_x == 2) {
            run_block_3x3<2>(task, channel, weights);
        } else {
            run_block(task, channel, weights);
        }
    }
}

}  // namespace quantface
