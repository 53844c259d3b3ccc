// Sixteen channels a register: what finish_tile.h asks of AVX-512.
#pragma once

#include <immintrin.h>

#include "kernels/epilogue/epilogue.h"

namespace quantface {

namespace {

struct Avx512Lanes {
    using Number = __m512;
    using Whole = __m512i;
    static constexpr int kLanes = 16;

    static Number load(const float* from) { return _mm512_loadu_ps(from); }
    static Whole load(const int32_t* from) { return _mm512_loadu_si512(from); }
    static Number broadcast(float number) { return _mm512_set1_ps(number); }
    static Whole broadcast(int32_t number) { return _mm512_set1_epi32(number); }
    static Number add(Number a, Number b) { return _mm512_add_ps(a, b); }
    static Whole add(Whole a, Whole b) { return _mm512_add_epi32(a, b); }
    static Number multiply(Number a, Number b) { return _mm512_mul_ps(a, b); }
    static Whole multiply(Whole a, Whole b) { return _mm512_mullo_epi32(a, b); }
    static Number to_number(Whole whole) { return _mm512_cvtepi32_ps(whole); }

    static Number prelu(Number r, Number slope) {
        const __mmask16 negative = _mm512_cmp_ps_mask(r, _mm512_setzero_ps(), _CMP_LT_OQ);
        return _mm512_mask_mul_ps(r, negative, r, slope);
    }
    // The instructions give their second operand where the comparison fails.
    static Number clip(Number r, Number low, Number high) {
        return _mm512_min_ps(high, _mm512_max_ps(low, r));
    }

    // Of none or fewer: none.
    static __mmask16 first_lanes(int count) {
        if (count >= kLanes) return static_cast<__mmask16>(0xffff);
        return count > 0 ? static_cast<__mmask16>((1u << count) - 1) : static_cast<__mmask16>(0);
    }
    static Number offsets(const uint8_t* levels, int count, int32_t zero_point) {
        const __m512i whole = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(first_lanes(count), levels));
        return _mm512_cvtepi32_ps(_mm512_sub_epi32(whole, _mm512_set1_epi32(zero_point)));
    }
    static void store_numbers(float* to, int count, Number numbers) {
        _mm512_mask_storeu_ps(to, first_lanes(count), numbers);
    }

    // Numbers that may leave int32 must not exceed `high` when they are converted; of those that are too
    // small for an int32 the conversion gives the least one. Packing saturates at both ends, so that a lower
    // clamp would change nothing, and an upper one is due only for fewer bits than eight.
    struct LevelRange {
        explicit LevelRange(const EpilogueOutput& output)
            : high(_mm512_set1_ps(static_cast<float>(output.max_level - output.zero_point))),
              zero_point(_mm512_set1_epi16(static_cast<short>(output.zero_point))),
              max_level(_mm512_set1_epi8(static_cast<char>(output.max_level))) {}
        Number high;
        Whole zero_point, max_level;
    };

    template <bool kFitsInt32, int kVectors>
    [[gnu::always_inline]] static void store_levels(uint8_t* to, int count, const Number (&number)[kVectors],
                                                    const LevelRange& range) {
        Whole whole[4];
#pragma GCC unroll 8
        for (int v = 0; v < 4; ++v) {
            if (v >= kVectors) {
                whole[v] = _mm512_setzero_si512();
            } else {
                whole[v] = _mm512_cvtps_epi32(kFitsInt32 ? number[v] : _mm512_min_ps(range.high, number[v]));
            }
        }
        const Whole low = _mm512_adds_epi16(_mm512_packs_epi32(whole[0], whole[1]), range.zero_point);
        const Whole upper =
            kVectors > 2 ? _mm512_adds_epi16(_mm512_packs_epi32(whole[2], whole[3]), range.zero_point) : low;
        // Packing works within 128-bit lanes: lane l has the channels 16 * v + 4 * l + 0..3.
        const Whole order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        const Whole levels = _mm512_permutexvar_epi32(
            order, _mm512_min_epu8(_mm512_packus_epi16(low, upper), range.max_level));
        store_bytes<kVectors>(to, count, levels);
    }

    template <int kVectors>
    [[gnu::always_inline]] static void store_bytes(uint8_t* to, int count, Whole bytes) {
        const bool full = count == kLanes * kVectors;
        if (full && kVectors == 4) {
            _mm512_storeu_si512(to, bytes);
        } else if (full && kVectors == 2) {
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_castsi512_si256(bytes));
        } else if (full && kVectors == 1) {
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_castsi512_si128(bytes));
        } else {
            _mm512_mask_storeu_epi8(to, (__mmask64{1} << count) - 1, bytes);
        }
    }
};

}  // namespace

}  // namespace quantface
