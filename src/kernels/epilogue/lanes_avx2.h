// Eight channels a register: what finish_tile.h asks of AVX2.
#pragma once

#include <immintrin.h>

#include <cstring>

#include "kernels/epilogue/epilogue.h"

namespace quantface {

namespace {

struct Avx2Lanes {
    using Number = __m256;
    using Whole = __m256i;
    static constexpr int kLanes = 8;

    static Number load(const float* from) { return _mm256_loadu_ps(from); }
    static Whole load(const int32_t* from) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    }
    static Number broadcast(float number) { return _mm256_set1_ps(number); }
    static Whole broadcast(int32_t number) { return _mm256_set1_epi32(number); }
    static Number add(Number a, Number b) { return _mm256_add_ps(a, b); }
    static Whole add(Whole a, Whole b) { return _mm256_add_epi32(a, b); }
    static Number multiply(Number a, Number b) { return _mm256_mul_ps(a, b); }
    static Whole multiply(Whole a, Whole b) { return _mm256_mullo_epi32(a, b); }
    static Number to_number(Whole whole) { return _mm256_cvtepi32_ps(whole); }

    static Number prelu(Number r, Number slope) {
        const Number negative = _mm256_cmp_ps(r, _mm256_setzero_ps(), _CMP_LT_OQ);
        return _mm256_blendv_ps(r, _mm256_mul_ps(r, slope), negative);
    }
    // The instructions give their second operand where the comparison fails.
    static Number clip(Number r, Number low, Number high) {
        return _mm256_min_ps(high, _mm256_max_ps(low, r));
    }

    static Number offsets(const uint8_t* levels, int count, int32_t zero_point) {
        uint64_t bytes = 0;
        if (count >= kLanes) {
            memcpy(&bytes, levels, kLanes);
        } else if (count > 0) {
            memcpy(&bytes, levels, static_cast<size_t>(count));
        }
        const Whole whole = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<long long>(bytes)));
        return _mm256_cvtepi32_ps(_mm256_sub_epi32(whole, _mm256_set1_epi32(zero_point)));
    }
    static void store_numbers(float* to, int count, Number numbers) {
        if (count >= kLanes) {
            _mm256_storeu_ps(to, numbers);
        } else if (count > 0) {
            float all[kLanes];
            _mm256_storeu_ps(all, numbers);
            memcpy(to, all, static_cast<size_t>(count) * sizeof(float));
        }
    }

    // Numbers that may leave int32 must not exceed `high` when they are converted; of those that are too
    // small for an int32 the conversion gives the least one. Packing saturates at both ends, so that a lower
    // clamp would change nothing, and an upper one is due only for fewer bits than eight.
    struct LevelRange {
        explicit LevelRange(const EpilogueOutput& output)
            : high(_mm256_set1_ps(static_cast<float>(output.max_level - output.zero_point))),
              zero_point(_mm256_set1_epi16(static_cast<short>(output.zero_point))),
              max_level(_mm_set1_epi8(static_cast<char>(output.max_level))) {}
        Number high;
        Whole zero_point;
        __m128i max_level;
    };

    // kVectors is 1 or 2.
    template <bool kFitsInt32, int kVectors>
    [[gnu::always_inline]] static void store_levels(uint8_t* to, int count, const Number (&number)[kVectors],
                                                    const LevelRange& range) {
        Whole whole[2];
        whole[0] = _mm256_cvtps_epi32(kFitsInt32 ? number[0] : _mm256_min_ps(range.high, number[0]));
        whole[1] = whole[0];
        if constexpr (kVectors > 1) {
            whole[1] = _mm256_cvtps_epi32(kFitsInt32 ? number[1] : _mm256_min_ps(range.high, number[1]));
        }
        // Packing works within 128-bit lanes: 0..3, 8..11 | 4..7, 12..15.
        const Whole words = _mm256_permute4x64_epi64(_mm256_packs_epi32(whole[0], whole[1]), 0xd8);
        const Whole shifted = _mm256_adds_epi16(words, range.zero_point);
        const __m128i packed =
            _mm_packus_epi16(_mm256_castsi256_si128(shifted), _mm256_extracti128_si256(shifted, 1));
        store_bytes(to, count, _mm_min_epu8(packed, range.max_level));
    }

    [[gnu::always_inline]] static void store_bytes(uint8_t* to, int count, __m128i bytes) {
        if (count == 16) {
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
        } else if (count == 8) {
            _mm_storel_epi64(reinterpret_cast<__m128i*>(to), bytes);
        } else {
            uint8_t all[16];
            _mm_storeu_si128(reinterpret_cast<__m128i*>(all), bytes);
            memcpy(to, all, static_cast<size_t>(count));
        }
    }
};

}  // namespace

}  // namespace quantface
