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
void store_transposed(const __m512i sums[4], int32_t* to) {
    const __m512i a = _mm512_shuffle_i32x4(sums[0], sums[1], 0x44);  // s0.0 s0.1 s1.0 s1.1
    const __m512i b = _mm512_shuffle_i32x4(sums[0], sums[1], 0xee);  // s0.2 s0.3 s1.2 s1.3
    const __m512i c = _mm512_shuffle_i32x4(sums[2], sums[3], 0x44);
    const __m512i d = _mm512_shuffle_i32x4(sums[2], sums[3], 0xee);
    _mm512_storeu_si512(to, _mm512_shuffle_i32x4(a, c, 0x88));
    _mm512_storeu_si512(to + 16, _mm512_shuffle_i32x4(a, c, 0xdd));
    _mm512_storeu_si512(to + 32, _mm512_shuffle_i32x4(b, d, 0x88));
    _mm512_storeu_si512(to + 48, _mm512_shuffle_i32x4(b, d, 0xdd));
}

}  // namespace

void accumulate_depthwise_avx512_vnni(const uint8_t* const* taps, int64_t tap_count, const int8_t* packed,
                                      int channels, int32_t* accumulators) {
    for (int channel = 0; channel < channels; channel += kLanes) {
        const int left = channels - channel;
        const __mmask64 mask = left >= kLanes ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
        __m512i sums[4];
        for (int v = 0; v < 4; ++v) sums[v] = _mm512_setzero_si512();
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
            }
            packed += 4 * kLanes;
        }
        store_transposed(sums, accumulators + channel);
    }
}

}  // namespace quantface
