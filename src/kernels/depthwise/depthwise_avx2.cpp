// Sixteen channels, two taps at a time: levels of the two taps interleaved, widened and multiplied by pairs
// of weights (vpmaddwd). packed: (pairs of taps, channels, 2).
#include <immintrin.h>

#include "kernels/depthwise/depthwise.h"

namespace quantface {

namespace {

constexpr int kLanes = 16;

template <bool kOffset>
void accumulate_lanes(const uint8_t* const* taps, int64_t tap_count, const int8_t* packed,
                      const int32_t* weight_offset, int64_t channels, int64_t channel,
                      int32_t* accumulators) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();
    __m256i level_sums_low = _mm256_setzero_si256(), level_sums_high = _mm256_setzero_si256();
    for (int64_t tap = 0; tap < tap_count; tap += 2) {
        const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(taps[tap] + channel));
        const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(taps[tap + 1] + channel));
        const auto* weights = reinterpret_cast<const __m128i*>(packed + tap * channels + channel * 2);
        const __m256i levels_low = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(first, second));
        const __m256i levels_high = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(first, second));
        const __m256i weights_low = _mm256_cvtepi8_epi16(_mm_loadu_si128(weights));
        const __m256i weights_high = _mm256_cvtepi8_epi16(_mm_loadu_si128(weights + 1));
        low = _mm256_add_epi32(low, _mm256_madd_epi16(levels_low, weights_low));
        high = _mm256_add_epi32(high, _mm256_madd_epi16(levels_high, weights_high));
        if constexpr (kOffset) {
            level_sums_low = _mm256_add_epi32(level_sums_low, _mm256_madd_epi16(levels_low, ones));
            level_sums_high = _mm256_add_epi32(level_sums_high, _mm256_madd_epi16(levels_high, ones));
        }
    }
    if constexpr (kOffset) {
        const auto* offsets = reinterpret_cast<const __m256i*>(weight_offset + channel);
        low = _mm256_add_epi32(low, _mm256_mullo_epi32(level_sums_low, _mm256_loadu_si256(offsets)));
        high = _mm256_add_epi32(high, _mm256_mullo_epi32(level_sums_high, _mm256_loadu_si256(offsets + 1)));
    }
    auto* to = reinterpret_cast<__m256i*>(accumulators + channel);
    _mm256_storeu_si256(to, low);
    _mm256_storeu_si256(to + 1, high);
}

template <bool kOffset>
void accumulate(const uint8_t* const* taps, int64_t tap_count, const int8_t* packed,
                const int32_t* weight_offset, int channels, int32_t* accumulators) {
    if (channels >= kLanes) {
        int64_t channel = 0;
        for (; channel + kLanes <= channels; channel += kLanes) {
            accumulate_lanes<kOffset>(taps, tap_count, packed, weight_offset, channels, channel,
                                      accumulators);
        }
        // The last ones once more together with some before them: nothing past the pixel may be read.
        if (channel < channels) {
            accumulate_lanes<kOffset>(taps, tap_count, packed, weight_offset, channels, channels - kLanes,
                                      accumulators);
        }
        return;
    }
    for (int64_t channel = 0; channel < channels; ++channel) {
        const int32_t offset = kOffset ? weight_offset[channel] : 0;
        int32_t sum = 0;
        for (int64_t tap = 0; tap < tap_count; ++tap) {
            sum += taps[tap][channel] * (packed[(tap / 2 * channels + channel) * 2 + tap % 2] + offset);
        }
        accumulators[channel] = sum;
    }
}

}  // namespace

void accumulate_depthwise_avx2(const uint8_t* const* taps, int64_t tap_count, const int8_t* packed,
                               const int32_t* weight_offset, int channels, int32_t* accumulators) {
    if (weight_offset) {
        accumulate<true>(taps, tap_count, packed, weight_offset, channels, accumulators);
    } else {
        accumulate<false>(taps, tap_count, packed, nullptr, channels, accumulators);
    }
}

}  // namespace quantface
