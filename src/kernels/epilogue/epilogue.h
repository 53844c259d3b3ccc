// From an operation's accumulators or numbers to levels: the common last part of every operation
// (graph/integer_model.h has the exact rules). One row of epilogue_kernels() for each instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/cpu_features.h"

namespace quantface {

// Per-channel arrays are readable this many entries past their last channel, so vector code need not care.
constexpr int kChannelSlack = 64;

enum class EpilogueActivation : uint8_t { kNone, kPRelu, kClip };

struct EpilogueOutput {
    bool is_float = false;  // float32 numbers instead of levels
    int32_t zero_point = 0;
    int32_t max_level = 255;
    const float* scale = nullptr;  // per channel; null together with shift: direct
    const float* shift = nullptr;
};

// What is known before a run. Pointers are per channel, with kChannelSlack.
struct EpilogueParams {
    int channels = 0;  // of the outputs and the residual: the stride from pixel to pixel
    // r = float32(accumulator + bias[c]) * multiplier[c] + addend[c], where accumulators come in
    const int32_t* bias = nullptr;
    const float* multiplier = nullptr;
    const float* addend = nullptr;  // null: none
    EpilogueActivation activation = EpilogueActivation::kNone;
    bool activation_after_residual = false;
    const float* slope = nullptr;
    float clip_low = 0, clip_high = 0;
    bool has_residual = false;
    int32_t residual_zero_point = 0;
    float residual_multiplier = 0;
    int output_count = 1;  // 1 or 2
    EpilogueOutput outputs[2];
    // Every number that becomes a level is known to lie within int32: it may be rounded before it is clamped.
    bool fits_int32 = false;
};

// Whole values, NHWC: the residual's levels, the outputs' levels (uint8_t) or numbers (float). No output
// overlaps the residual.
struct EpilogueData {
    const uint8_t* residual = nullptr;
    void* outputs[2] = {nullptr, nullptr};
};

// A rectangle of pixels and channels. What comes in is (pixels, row_stride), the first `channels` entries of
// each row being used; row_stride is a multiple of 16 or there is only readable memory up to the next one.
struct EpilogueBlock {
    int64_t first_pixel = 0;
    int pixels = 0;
    int first_channel = 0;
    int channels = 0;
    ptrdiff_t row_stride = 0;
};

struct EpilogueKernel {
    const char* name;
    CpuFeatures needs;
    void (*from_accumulators)(const EpilogueParams& params, const EpilogueData& data,
                              const EpilogueBlock& block, const int32_t* accumulators);
    void (*from_numbers)(const EpilogueParams& params, const EpilogueData& data, const EpilogueBlock& block,
                         const float* numbers);
};

// Slowest first; the first is the scalar reference.
std::span<const EpilogueKernel> epilogue_kernels();

void epilogue_from_accumulators_scalar(const EpilogueParams&, const EpilogueData&, const EpilogueBlock&,
                                       const int32_t*);
void epilogue_from_numbers_scalar(const EpilogueParams&, const EpilogueData&, const EpilogueBlock&,
                                  const float*);
void epilogue_from_accumulators_avx2(const EpilogueParams&, const EpilogueData&, const EpilogueBlock&,
                                     const int32_t*);
void epilogue_from_numbers_avx2(const EpilogueParams&, const EpilogueData&, const EpilogueBlock&,
                                const float*);
void epilogue_from_accumulators_avx512(const EpilogueParams&, const EpilogueData&, const EpilogueBlock&,
                                       const int32_t*);
void epilogue_from_numbers_avx512(const EpilogueParams&, const EpilogueData&, const EpilogueBlock&,
                                  const float*);

}  // namespace quantface
