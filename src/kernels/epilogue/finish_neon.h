// The epilogue on a tile of sums or numbers in registers, four channels a register; for NEON kernels only.
// Everything here has internal linkage: kernels of NEON's extensions include it, and a shared inline function
// compiled with those could be the copy that the linker keeps for everybody.
#pragma once

#include <arm_neon.h>

#include <cstring>

#include "kernels/epilogue/epilogue.h"

namespace quantface {

namespace {

namespace neon {

constexpr int kLanes = 4;

// Where a tile is: kRows consecutive pixels, `channels` channels from first_channel on.
struct TilePlace {
    int64_t first_pixel;
    int first_channel;
    int channels;
};

template <int kRows, int kVectors>
using Numbers = float32x4_t[kRows][kVectors];

// std::max(r, low) and std::min(r, high) of the scalar code, zeros' signs included.
[[gnu::always_inline]] inline float32x4_t clamp(float32x4_t r, float32x4_t low, float32x4_t high) {
    const float32x4_t above = vbslq_f32(vcltq_f32(r, low), low, r);
    return vbslq_f32(vcltq_f32(high, above), high, above);
}

template <int kRows, int kVectors>
[[gnu::always_inline]] inline void activate(const EpilogueParams& params, int first_channel,
                                            Numbers<kRows, kVectors>& r) {
    if (params.activation == EpilogueActivation::kPRelu) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            const float32x4_t slope = vld1q_f32(params.slope + first_channel + kLanes * v);
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) {
                const uint32x4_t negative = vcltzq_f32(r[row][v]);
                r[row][v] = vbslq_f32(negative, vmulq_f32(r[row][v], slope), r[row][v]);
            }
        }
    } else if (params.activation == EpilogueActivation::kClip) {
        const float32x4_t low = vdupq_n_f32(params.clip_low), high = vdupq_n_f32(params.clip_high);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) r[row][v] = clamp(r[row][v], low, high);
        }
    }
}

// The first `count` levels, at most four; nothing past them is read.
[[gnu::always_inline]] inline int32x4_t load_levels(const uint8_t* levels, int count) {
    uint32_t bytes = 0;
    if (count >= kLanes) {
        memcpy(&bytes, levels, kLanes);
    } else if (count > 0) {
        memcpy(&bytes, levels, static_cast<size_t>(count));
    }
    const uint16x8_t words = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes)));
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(words)));
}

// residual: the tile's first level.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void add_residual(const EpilogueParams& params, const uint8_t* residual,
                                                int channels, Numbers<kRows, kVectors>& r) {
    const int32x4_t zero_point = vdupq_n_s32(params.residual_zero_point);
    const float32x4_t multiplier = vdupq_n_f32(params.residual_multiplier);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            const int32x4_t levels = load_levels(
                residual + static_cast<ptrdiff_t>(row) * params.channels + kLanes * v, channels - kLanes * v);
            const float32x4_t offset = vcvtq_f32_s32(vsubq_s32(levels, zero_point));
            r[row][v] = vaddq_f32(r[row][v], vmulq_f32(offset, multiplier));
        }
    }
}

// Sixteen numbers as levels. The conversion rounds to nearest even and saturates, and so does narrowing: no
// clamp in float32 is needed.
[[gnu::always_inline]] inline uint8x16_t to_levels(const float32x4_t (&number)[4], int16x8_t zero_point,
                                                   uint8x16_t max_level) {
    int16x4_t words[4];
#pragma GCC unroll 8
    for (int v = 0; v < 4; ++v) words[v] = vqmovn_s32(vcvtnq_s32_f32(number[v]));
    const int16x8_t low = vqaddq_s16(vcombine_s16(words[0], words[1]), zero_point);
    const int16x8_t high = vqaddq_s16(vcombine_s16(words[2], words[3]), zero_point);
    return vminq_u8(vcombine_u8(vqmovun_s16(low), vqmovun_s16(high)), max_level);
}

[[gnu::always_inline]] inline void store_levels(uint8_t* to, int count, uint8x16_t levels) {
    if (count == 16) {
        vst1q_u8(to, levels);
    } else if (count == 8) {
        vst1_u8(to, vget_low_u8(levels));
    } else {
        uint8_t all[16];
        vst1q_u8(all, levels);
        memcpy(to, all, static_cast<size_t>(count));
    }
}

[[gnu::always_inline]] inline void store_numbers(float* to, int count, float32x4_t numbers) {
    if (count >= kLanes) {
        vst1q_f32(to, numbers);
    } else if (count > 0) {
        float all[kLanes];
        vst1q_f32(all, numbers);
        memcpy(to, all, static_cast<size_t>(count) * sizeof(float));
    }
}

// An output's number of r.
[[gnu::always_inline]] inline float32x4_t scaled(const EpilogueOutput& output, int channel, float32x4_t r) {
    if (!output.scale) return r;
    return vaddq_f32(vmulq_f32(r, vld1q_f32(output.scale + channel)), vld1q_f32(output.shift + channel));
}

template <int kRows, int kVectors>
[[gnu::always_inline]] inline void write_output(const EpilogueParams& params, const EpilogueOutput& output,
                                                void* data, const TilePlace& place,
                                                const Numbers<kRows, kVectors>& r) {
    const int64_t at = place.first_pixel * params.channels + place.first_channel;
    const int16x8_t zero_point = vdupq_n_s16(static_cast<int16_t>(output.zero_point));
    const uint8x16_t max_level = vdupq_n_u8(static_cast<uint8_t>(output.max_level));
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
        const int64_t to = at + static_cast<int64_t>(row) * params.channels;
        float32x4_t number[4];
#pragma GCC unroll 8
        for (int v = 0; v < 4; ++v) {
            number[v] = v < kVectors
                            ? scaled(output, place.first_channel + kLanes * v, r[row][v < kVectors ? v : 0])
                            : vdupq_n_f32(0);
        }
        if (output.is_float) {
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v) {
                store_numbers(static_cast<float*>(data) + to + kLanes * v, place.channels - kLanes * v,
                              number[v]);
            }
        } else {
            store_levels(static_cast<uint8_t*>(data) + to, place.channels,
                         to_levels(number, zero_point, max_level));
        }
    }
}

// From numbers r on. kVectors is at most four; vectors past place.channels stay unused.
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
                                                  int first_channel, int32x4_t (&sums)[kRows][kVectors]) {
    if (!level_sums) return;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
        const int32x4_t offset = vld1q_s32(weight_offset + first_channel + kLanes * v);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row)
            sums[row][v] = vmlaq_n_s32(sums[row][v], offset, level_sums[row]);
    }
}

// From sums that hold the bias already.
template <int kRows, int kVectors>
[[gnu::always_inline]] inline void finish_sums(const EpilogueParams& params, const EpilogueData& data,
                                               const TilePlace& place,
                                               const int32x4_t (&sums)[kRows][kVectors]) {
    Numbers<kRows, kVectors> r;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
        const int channel = place.first_channel + kLanes * v;
        const float32x4_t multiplier = vld1q_f32(params.multiplier + channel);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) r[row][v] = vmulq_f32(vcvtq_f32_s32(sums[row][v]), multiplier);
        if (params.addend) {
            const float32x4_t addend = vld1q_f32(params.addend + channel);
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) r[row][v] = vaddq_f32(r[row][v], addend);
        }
    }
    finish_numbers<kRows, kVectors>(params, data, place, r);
}

}  // namespace neon

}  // namespace

}  // namespace quantface
