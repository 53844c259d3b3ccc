// The epilogue on a tile of sums or numbers in registers, sixteen channels a register; for the kernels of
// this instruction set only. Everything here has internal linkage: a shared inline function compiled with
// AVX-512 could be the copy that the linker keeps for everybody.
#pragma once

#include <immintrin.h>

#include "kernels/epilogue/epilogue.h"

namespace quantface {

namespace {

namespace avx512 {

constexpr int kLanes = 16;

// Of none or fewer: none.
[[gnu::always_inline]] inline __mmask16 first_lanes(int count) {
    if (count >= kLanes) return static_cast<__mmask16>(0xffff);
    return count > 0 ? static_cast<__mmask16>((1u << count) - 1) : static_cast<__mmask16>(0);
}

// Where a tile is: kRows consecutive pixels, `channels` channels from first_channel on.
struct TilePlace {
    int64_t first_pixel;
    int first_channel;
    int channels;
};

template <int kRows, int kVectors>
using Numbers = __m512[kRows][kVectors];

// std::max(r, low) and std::min(r, high) of the scalar code, ties and zeros included: the instructions give
// their second operand where the comparison fails.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void activate(const EpilogueParams& params, int first_channel,
                                            Numbers<kRows, kVectors>& r) {
    if (params.activation == EpilogueActivation::kPRelu) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            const __m512 slope = _mm512_loadu_ps(params.slope + first_channel + kLanes * v);
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) {
                const __mmask16 negative = _mm512_cmp_ps_mask(r[row][v], _mm512_setzero_ps(), _CMP_LT_OQ);
                r[row][v] = _mm512_mask_mul_ps(r[row][v], negative, r[row][v], slope);
            }
        }
    } else if (params.activation == EpilogueActivation::kClip) {
        const __m512 low = _mm512_set1_ps(params.clip_low), high = _mm512_set1_ps(params.clip_high);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) {
                r[row][v] = _mm512_min_ps(high, _mm512_max_ps(low, r[row][v]));
            }
        }
    }
}

// residual: the tile's first level.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void add_residual(const EpilogueParams& params, const uint8_t* residual,
                                                int channels, Numbers<kRows, kVectors>& r) {
    const __m512i zero_point = _mm512_set1_epi32(params.residual_zero_point);
    const __m512 multiplier = _mm512_set1_ps(params.residual_multiplier);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
        const __mmask16 mask = first_lanes(channels - kLanes * v);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            const __m128i levels = _mm_maskz_loadu_epi8(
                mask, residual + static_cast<ptrdiff_t>(row) * params.channels + kLanes * v);
            const __m512 offset =
                _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_cvtepu8_epi32(levels), zero_point));
            r[row][v] = _mm512_add_ps(r[row][v], _mm512_mul_ps(offset, multiplier));
        }
    }
}

// What levels of an output are clamped to. Numbers that may leave int32 must not exceed `high` when they are
// converted; of those that are too small for an int32 the conversion gives the least one. Packing saturates
// at both ends, so that a lower clamp would change nothing, and an upper one is due only for fewer bits than
// eight.
struct LevelRange {
    explicit LevelRange(const EpilogueOutput& output)
        : high(_mm512_set1_ps(static_cast<float>(output.max_level - output.zero_point))),
          zero_point(_mm512_set1_epi16(static_cast<short>(output.zero_point))),
          max_level(_mm512_set1_epi8(static_cast<char>(output.max_level))) {}
    __m512 high;
    __m512i zero_point, max_level;
};

// Numbers of up to four vectors as levels.
template <bool kFitsInt32, int kVectors>
[[gnu::always_inline]] inline __m512i to_levels(const __m512 (&number)[kVectors], const LevelRange& range) {
    __m512i whole[4];
#pragma GCC unroll 8
    for (int v = 0; v < 4; ++v) {
        if (v >= kVectors) {
            whole[v] = _mm512_setzero_si512();
        } else {
            whole[v] = _mm512_cvtps_epi32(kFitsInt32 ? number[v] : _mm512_min_ps(range.high, number[v]));
        }
    }
    const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(whole[0], whole[1]), range.zero_point);
    const __m512i upper =
        kVectors > 2 ? _mm512_adds_epi16(_mm512_packs_epi32(whole[2], whole[3]), range.zero_point) : low;
    // Packing works within 128-bit lanes: lane l has the channels 16 * v + 4 * l + 0..3.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, _mm512_min_epu8(_mm512_packus_epi16(low, upper), range.max_level));
}

template <int kVectors>
[[gnu::always_inline]] inline void store_levels(uint8_t* to, int channels, __m512i levels) {
    if (channels == kLanes * kVectors && kVectors == 4) {
        _mm512_storeu_si512(to, levels);
    } else if (channels == kLanes * kVectors && kVectors == 2) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_castsi512_si256(levels));
    } else if (channels == kLanes * kVectors && kVectors == 1) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_castsi512_si128(levels));
    } else {
        _mm512_mask_storeu_epi8(to, (__mmask64{1} << channels) - 1, levels);
    }
}

// An output's number of r.
[[gnu::always_inline]] inline __m512 scaled(const EpilogueOutput& output, int channel, __m512 r) {
    return _mm512_add_ps(_mm512_mul_ps(r, _mm512_loadu_ps(output.scale + channel)),
                         _mm512_loadu_ps(output.shift + channel));
}

template <bool kScaled, bool kFitsInt32, int kRows, int kVectors>
[[gnu::always_inline]] inline void write_levels(const EpilogueParams& params, const EpilogueOutput& output,
                                                uint8_t* levels, const TilePlace& place,
                                                const Numbers<kRows, kVectors>& r) {
    const LevelRange range(output);
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
        __m512 number[kVectors];
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            number[v] = kScaled ? scaled(output, place.first_channel + kLanes * v, r[row][v]) : r[row][v];
        }
        store_levels<kVectors>(levels + static_cast<ptrdiff_t>(row) * params.channels, place.channels,
                               to_levels<kFitsInt32, kVectors>(number, range));
    }
}

template <int kRows, int kVectors>
[[gnu::always_inline]] inline void write_numbers(const EpilogueParams& params, const EpilogueOutput& output,
                                                 float* numbers, const TilePlace& place,
                                                 const Numbers<kRows, kVectors>& r) {
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            const __m512 number =
                output.scale ? scaled(output, place.first_channel + kLanes * v, r[row][v]) : r[row][v];
            _mm512_mask_storeu_ps(numbers + static_cast<ptrdiff_t>(row) * params.channels + kLanes * v,
                                  first_lanes(place.channels - kLanes * v), number);
        }
    }
}

template <int kRows, int kVectors>
[[gnu::always_inline]] inline void write_output(const EpilogueParams& params, const EpilogueOutput& output,
                                                void* data, const TilePlace& place,
                                                const Numbers<kRows, kVectors>& r) {
    const int64_t at = place.first_pixel * params.channels + place.first_channel;
    if (output.is_float) {
        write_numbers<kRows, kVectors>(params, output, static_cast<float*>(data) + at, place, r);
    } else if (!params.fits_int32) {
        if (output.scale) {
            write_levels<true, false, kRows, kVectors>(params, output, static_cast<uint8_t*>(data) + at,
                                                       place, r);
        } else {
            write_levels<false, false, kRows, kVectors>(params, output, static_cast<uint8_t*>(data) + at,
                                                        place, r);
        }
    } else if (output.scale) {
        write_levels<true, true, kRows, kVectors>(params, output, static_cast<uint8_t*>(data) + at, place, r);
    } else {
        write_levels<false, true, kRows, kVectors>(params, output, static_cast<uint8_t*>(data) + at, place,
                                                   r);
    }
}

// From numbers r on. Vectors past place.channels stay unused.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void finish_numbers(const EpilogueParams& params, const EpilogueData& data,
                                                  const TilePlace& place, Numbers<kRows, kVectors>& r) {
    if (!params.activation_after_residual) activate<kRows, kVectors>(params, place.first_channel, r);
    if (params.has_residual) {
        const uint8_t* residual = data.residual + place.first_pixel * params.channels + place.first_channel;
        add_residual<kRows, kVectors>(params, residual, place.channels, r);
    }
    if (params.activation_after_residual) activate<kRows, kVectors>(params, place.first_channel, r);
    for (int index = 0; index < params.output_count; ++index) {
        write_output<kRows, kVectors>(params, params.outputs[index], data.outputs[index], place, r);
    }
}

// Asymmetric weights: the offset of a channel's weights times the sum of the row's levels. level_sums may be
// null: there are none.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void add_level_sums(const int32_t* level_sums, const int32_t* weight_offset,
                                                  int first_channel, __m512i (&sums)[kRows][kVectors]) {
    if (!level_sums) return;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
        const __m512i offset = _mm512_loadu_si512(weight_offset + first_channel + kLanes * v);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            const __m512i product = _mm512_mullo_epi32(_mm512_set1_epi32(level_sums[row]), offset);
            sums[row][v] = _mm512_add_epi32(sums[row][v], product);
        }
    }
}

// From sums that hold the bias already.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void finish_sums(const EpilogueParams& params, const EpilogueData& data,
                                               const TilePlace& place,
                                               const __m512i (&sums)[kRows][kVectors]) {
    Numbers<kRows, kVectors> r;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
        const __m512 multiplier = _mm512_loadu_ps(params.multiplier + place.first_channel + kLanes * v);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            r[row][v] = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[row][v]), multiplier);
        }
    }
    if (params.addend) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            const __m512 addend = _mm512_loadu_ps(params.addend + place.first_channel + kLanes * v);
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) r[row][v] = _mm512_add_ps(r[row][v], addend);
        }
    }
    finish_numbers<kRows, kVectors>(params, data, place, r);
}

}  // namespace avx512

}  // namespace

}  // namespace quantface
