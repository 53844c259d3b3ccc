// Sixty-four channels, four taps at a time: levels of the four taps interleaved byte by byte, then vpdpbusd.
// The interleaving works within the four 128-bit lanes of a register: vector v of a block gets the channels
// 16 * lane + 4 * v + 0..3. packed, in this order: (blocks of 64 channels, groups of four taps, v, lane,
// channel, 4).
#include <immintrin.h>

#include "kernels/depthwise/depthwise.h"

namespace quantface {

namespace {

constexpr int kLanes = 64;

// Back to channels in their order: entry (v, lane) of a 4x4 matrix of 128-bit pieces goes to (lane, v).
void transpose(__m512i sums[4]) {
    const __m512i a = _mm512_shuffle_i32x4(sums[0], sums[1], 0x44);  // s0.0 s0.1 s1.0 s1.1
    const __m512i b = _mm512_shuffle_i32x4(sums[0], sums[1], 0xee);  // s0.2 s0.3 s1.2 s1.3
    const __m512i c = _mm512_shuffle_i32x4(sums[2], sums[3], 0x44);
    const __m512i d = _mm512_shuffle_i32x4(sums[2], sums[3], 0xee);
    sums[0] = _mm512_shuffle_i32x4(a, c, 0x88);
    sums[1] = _mm512_shuffle_i32x4(a, c, 0xdd);
    sums[2] = _mm512_shuffle_i32x4(b, d, 0x88);
    sums[3] = _mm512_shuffle_i32x4(b, d, 0xdd);
}

template <bool kOffset>
void accumulate(const uint8_t* const* taps, int64_t tap_count, const int8_t* packed,
                const int32_t* weight_offset, int channels, int32_t* accumulators) {
    const __m512i ones = _mm512_set1_epi8(1);
    for (int channel = 0; channel < channels; channel += kLanes) {
        const int left = channels - channel;
        const __mmask64 mask = left >= kLanes ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
        __m512i sums[4], level_sums[4];
        for (int v = 0; v < 4; ++v) sums[v] = level_sums[v] = _mm512_setzero_si512();
        for (int64_t tap = 0; tap < tap_count; tap += 4) {
            const __m512i l0 = _mm512_maskz_loadu_epi8(mask, taps[tap] + channel);
            const __m512i l1 = _mm512_maskz_loadu_epi8(mask, taps[tap + 1] + channel);
            const __m512i l2 = _mm512_maskz_loadu_epi8(mask, taps[tap + 2] + channel);
            const __m512i l3 = _mm512_maskz_loadu_epi8(mask, taps[tap + 3] + channel);
            const __m512i low01 = _mm512_unpacklo_epi8(l0, l1), high01 = _mm512_unpackhi_epi8(l0, l1);
            const __m512i low23 = _mm512_unpacklo_epi8(l2, l3), high23 = _mm512_unpackhi_epi8(l2, l3);
            const __m512i levels[4] = {
                _mm512_unpacklo_epi16(low01, low23), _mm512_unpackhi_epi16(low01, low23),
                _mm512_unpacklo_epi16(high01, high23), _mm512_unpackhi_epi16(high01, high23)};
            for (int v = 0; v < 4; ++v) {
                sums[v] = _mm512_dpbusd_epi32(sums[v], levels[v], _mm512_loadu_si512(packed + 64 * v));
                if constexpr (kOffset) level_sums[v] = _mm512_dpbusd_epi32(level_sums[v], levels[v], ones);
            }
            packed += 4 * kLanes;
        }
        transpose(sums);
        if constexpr (kOffset) {
            transpose(level_sums);
            for (int v = 0; v < 4; ++v) {
                const __m512i offsets = _mm512_loadu_si512(weight_offset + channel + 16 * v);
                sums[v] = _mm512_add_epi32(sums[v], _mm512_mullo_epi32(level_sums[v], offsets));
            }
        }
        for (int v = 0; v < 4; ++v) _mm512_storeu_si512(accumulators + channel + 16 * v, sums[v]);
    }
}

}  // namespace

void accumulate_depthwise_avx512_vnni(const uint8_t* const* taps, int64_t tap_count, const int8_t* packed,
                                      const int32_t* weight_offset, int channels, int32_t* accumulators) {
    if (weight_offset) {
        accumulate<true>(taps, tap_count, packed, weight_offset, channels, accumulators);
    } else {
        accumulate<false>(taps, tap_count, packed, nullptr, channels, accumulators);
    }
}

}  // namespace quantface
