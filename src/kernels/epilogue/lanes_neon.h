// Four channels a register: what finish_tile.h asks of NEON.
#pragma once

#include <arm_neon.h>

#include <cstring>

#include "kernels/epilogue/epilogue.h"

namespace quantface {

namespace {

struct NeonLanes {
    using Number = float32x4_t;
    using Whole = int32x4_t;
    static constexpr int kLanes = 4;

    static Number load(const float* from) { return vld1q_f32(from); }
    static Whole load(const int32_t* from) { return vld1q_s32(from); }
    static Number broadcast(float number) { return vdupq_n_f32(number); }
    static Whole broadcast(int32_t number) { return vdupq_n_s32(number); }
    static Number add(Number a, Number b) { return vaddq_f32(a, b); }
    static Whole add(Whole a, Whole b) { return vaddq_s32(a, b); }
    static Number multiply(Number a, Number b) { return vmulq_f32(a, b); }
    static Whole multiply(Whole a, Whole b) { return vmulq_s32(a, b); }
    static Number to_number(Whole whole) { return vcvtq_f32_s32(whole); }

    static Number prelu(Number r, Number slope) { return vbslq_f32(vcltzq_f32(r), vmulq_f32(r, slope), r); }
    // By comparison: the instructions for maximum and minimum know which zero is the larger.
    static Number clip(Number r, Number low, Number high) {
        const Number above = vbslq_f32(vcltq_f32(r, low), low, r);
        return vbslq_f32(vcltq_f32(high, above), high, above);
    }

    static Number offsets(const uint8_t* levels, int count, int32_t zero_point) {
        uint32_t bytes = 0;
        if (count >= kLanes) {
            memcpy(&bytes, levels, kLanes);
        } else if (count > 0) {
            memcpy(&bytes, levels, static_cast<size_t>(count));
        }
        const uint16x8_t words = vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes)));
        const Whole whole = vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(words)));
        return vcvtq_f32_s32(vsubq_s32(whole, vdupq_n_s32(zero_point)));
    }
    static void store_numbers(float* to, int count, Number numbers) {
        if (count >= kLanes) {
            vst1q_f32(to, numbers);
        } else if (count > 0) {
            float all[kLanes];
            vst1q_f32(all, numbers);
            memcpy(to, all, static_cast<size_t>(count) * sizeof(float));
        }
    }

    struct LevelRange {
        explicit LevelRange(const EpilogueOutput& output)
            : zero_point(vdupq_n_s16(static_cast<int16_t>(output.zero_point))),
              max_level(vdupq_n_u8(static_cast<uint8_t>(output.max_level))) {}
        int16x8_t zero_point;
        uint8x16_t max_level;
    };

    // The conversion rounds to nearest even and saturates, and so does narrowing: no clamp in float32 is ever
    // needed.
    template <bool kFitsInt32, int kVectors>
    [[gnu::always_inline]] static void store_levels(uint8_t* to, int count, const Number (&number)[kVectors],
                                                    const LevelRange& range) {
        int16x4_t words[4];
#pragma GCC unroll 8
        for (int v = 0; v < 4; ++v) {
            words[v] = vqmovn_s32(vcvtnq_s32_f32(number[v < kVectors ? v : 0]));
        }
        const int16x8_t low = vqaddq_s16(vcombine_s16(words[0], words[1]), range.zero_point);
        const int16x8_t high = vqaddq_s16(vcombine_s16(words[2], words[3]), range.zero_point);
        const uint8x16_t bytes = vminq_u8(vcombine_u8(vqmovun_s16(low), vqmovun_s16(high)), range.max_level);
        if (count == 16) {
            vst1q_u8(to, bytes);
        } else if (count == 8) {
            vst1_u8(to, vget_low_u8(bytes));
        } else {
            uint8_t all[16];
            vst1q_u8(all, bytes);
            memcpy(to, all, static_cast<size_t>(count));
        }
    }
};

}  // namespace

}  // namespace quantface
