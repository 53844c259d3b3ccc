// The epilogue on a tile of sums or numbers in registers, eight channels a register; for the kernels of this
// instruction set only. Everything here has internal linkage: a shared inline function compiled with AVX2
// could be the copy that the linker keeps for everybody.
#pragma once

#include <immintrin.h>

#include <cstring>

#include "kernels/epilogue/epilogue.h"

namespace quantface {

namespace {

namespace avx2 {

constexpr int kLanes = 8;

// Where a tile is: kRows consecutive pixels, `channels` channels from first_channel on.
struct TilePlace {
    int64_t first_pixel;
    int first_channel;
    int channels;
};

template <int kRows, int kVectors>
using Numbers = __m256[kRows][kVectors];

// std::max(r, low) and std::min(r, high) of the scalar code, ties and zeros included: the instructions give
// their second operand where the comparison fails.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void activate(const EpilogueParams& params, int first_channel,
                                            Numbers<kRows, kVectors>& r) {
    if (params.activation == EpilogueActivation::kPRelu) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            const __m256 slope = _mm256_loadu_ps(params.slope + first_channel + kLanes * v);
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) {
                const __m256 negative = _mm256_cmp_ps(r[row][v], _mm256_setzero_ps(), _CMP_LT_OQ);
                r[row][v] = _mm256_blendv_ps(r[row][v], _mm256_mul_ps(r[row][v], slope), negative);
            }
        }
    } else if (params.activation == EpilogueActivation::kClip) {
        const __m256 low = _mm256_set1_ps(params.clip_low), high = _mm256_set1_ps(params.clip_high);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) {
                r[row][v] = _mm256_min_ps(high, _mm256_max_ps(low, r[row][v]));
            }
        }
    }
}

// The first `count` levels, at most eight; nothing past them is read.
[[gnu::always_inline]] inline __m128i load_levels(const uint8_t* levels, int count) {
    if (count >= kLanes) return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(levels));
    uint64_t bytes = 0;
    if (count > 0) memcpy(&bytes, levels, static_cast<size_t>(count));
    return _mm_cvtsi64_si128(static_cast<long long>(bytes));
}

// residual: the tile's first level.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void add_residual(const EpilogueParams& params, const uint8_t* residual,
                                                int channels, Numbers<kRows, kVectors>& r) {
    const __m256i zero_point = _mm256_set1_epi32(params.residual_zero_point);
    const __m256 multiplier = _mm256_set1_ps(params.residual_multiplier);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            const __m128i levels = load_levels(
                residual + static_cast<ptrdiff_t>(row) * params.channels + kLanes * v, channels - kLanes * v);
            const __m256 offset =
                _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_cvtepu8_epi32(levels), zero_point));
            r[row][v] = _mm256_add_ps(r[row][v], _mm256_mul_ps(offset, multiplier));
        }
    }
}

// What levels of an output are clamped to. Numbers that may leave int32 must not exceed `high` when they are
// converted; of those that are too small for an int32 the conversion gives the least one. Packing saturates
// at both ends, so that a lower clamp would change nothing, and an upper one is due only for fewer bits than
// eight.
struct LevelRange {
    explicit LevelRange(const EpilogueOutput& output)
        : high(_mm256_set1_ps(static_cast<float>(output.max_level - output.zero_point))),
          zero_point(_mm256_set1_epi16(static_cast<short>(output.zero_point))),
          max_level(_mm_set1_epi8(static_cast<char>(output.max_level))) {}
    __m256 high;
    __m256i zero_point;
    __m128i max_level;
};

// Numbers of one or two vectors as levels.
template <bool kFitsInt32, int kVectors>
[[gnu::always_inline]] inline __m128i to_levels(const __m256 (&number)[kVectors], const LevelRange& range) {
    __m256i whole[2];
    whole[0] = _mm256_cvtps_epi32(kFitsInt32 ? number[0] : _mm256_min_ps(range.high, number[0]));
    whole[1] = whole[0];
    if constexpr (kVectors > 1) {
        whole[1] = _mm256_cvtps_epi32(kFitsInt32 ? number[1] : _mm256_min_ps(range.high, number[1]));
    }
    // Packing works within 128-bit lanes: 0..3, 8..11 | 4..7, 12..15.
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(whole[0], whole[1]), 0xd8);
    const __m256i shifted = _mm256_adds_epi16(words, range.zero_point);
    const __m128i levels =
        _mm_packus_epi16(_mm256_castsi256_si128(shifted), _mm256_extracti128_si256(shifted, 1));
    return _mm_min_epu8(levels, range.max_level);
}

[[gnu::always_inline]] inline void store_levels(uint8_t* to, int count, __m128i levels) {
    if (count == 16) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), levels);
    } else if (count == 8) {
        _mm_storel_epi64(reinterpret_cast<__m128i*>(to), levels);
    } else {
        uint8_t all[16];
        _mm_storeu_si128(reinterpret_cast<__m128i*>(all), levels);
        memcpy(to, all, static_cast<size_t>(count));
    }
}

[[gnu::always_inline]] inline void store_numbers(float* to, int count, __m256 numbers) {
    if (count >= kLanes) {
        _mm256_storeu_ps(to, numbers);
    } else if (count > 0) {
        float all[kLanes];
        _mm256_storeu_ps(all, numbers);
        memcpy(to, all, static_cast<size_t>(count) * sizeof(float));
    }
}

// An output's number of r.
[[gnu::always_inline]] inline __m256 scaled(const EpilogueOutput& output, int channel, __m256 r) {
    return _mm256_add_ps(_mm256_mul_ps(r, _mm256_loadu_ps(output.scale + channel)),
                         _mm256_loadu_ps(output.shift + channel));
}

template <bool kScaled, bool kFitsInt32, int kRows, int kVectors>
[[gnu::always_inline]] inline void write_levels(const EpilogueParams& params, const EpilogueOutput& output,
                                                uint8_t* levels, const TilePlace& place,
                                                const Numbers<kRows, kVectors>& r) {
    const LevelRange range(output);
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
        __m256 number[kVectors];
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            number[v] = kScaled ? scaled(output, place.first_channel + kLanes * v, r[row][v]) : r[row][v];
        }
        store_levels(levels + static_cast<ptrdiff_t>(row) * params.channels, place.channels,
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
            const __m256 number =
                output.scale ? scaled(output, place.first_channel + kLanes * v, r[row][v]) : r[row][v];
            store_numbers(numbers + static_cast<ptrdiff_t>(row) * params.channels + kLanes * v,
                          place.channels - kLanes * v, number);
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
                                                  int first_channel, __m256i (&sums)[kRows][kVectors]) {
    if (!level_sums) return;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
        const __m256i offset =
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weight_offset + first_channel + kLanes * v));
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            const __m256i product = _mm256_mullo_epi32(_mm256_set1_epi32(level_sums[row]), offset);
            sums[row][v] = _mm256_add_epi32(sums[row][v], product);
        }
    }
}

// From sums that hold the bias already.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void finish_sums(const EpilogueParams& params, const EpilogueData& data,
                                               const TilePlace& place,
                                               const __m256i (&sums)[kRows][kVectors]) {
    Numbers<kRows, kVectors> r;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
        const __m256 multiplier = _mm256_loadu_ps(params.multiplier + place.first_channel + kLanes * v);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            r[row][v] = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[row][v]), multiplier);
        }
    }
    if (params.addend) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            const __m256 addend = _mm256_loadu_ps(params.addend + place.first_channel + kLanes * v);
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) r[row][v] = _mm256_add_ps(r[row][v], addend);
        }
    }
    finish_numbers<kRows, kVectors>(params, data, place, r);
}

}  // namespace avx2

}  // namespace

}  // namespace quantface
