// Sixteen channels at a time, the last ones masked. Only intrinsics and code local to this file: a shared
// inline function compiled here with AVX-512 could be the copy that the linker keeps for everybody.
#include <immintrin.h>

#include "kernels/epilogue/epilogue.h"

namespace quantface {

namespace {

constexpr int kLanes = 16;

__mmask16 first_lanes(int count) {
    return count >= kLanes ? static_cast<__mmask16>(0xffff) : static_cast<__mmask16>((1u << count) - 1);
}

// What does not change from vector to vector.
struct Constants {
    explicit Constants(const EpilogueParams& params)
        : clip_low(_mm512_set1_ps(params.clip_low)),
          clip_high(_mm512_set1_ps(params.clip_high)),
          residual_zero_point(_mm512_set1_epi32(params.residual_zero_point)),
          residual_multiplier(_mm512_set1_ps(params.residual_multiplier)) {
        for (int index = 0; index < params.output_count; ++index) {
            const EpilogueOutput& output = params.outputs[index];
            low[index] = _mm512_set1_ps(static_cast<float>(-output.zero_point));
            high[index] = _mm512_set1_ps(static_cast<float>(output.max_level - output.zero_point));
            zero_point[index] = _mm512_set1_epi32(output.zero_point);
        }
    }
    __m512 clip_low, clip_high;
    __m512i residual_zero_point;
    __m512 residual_multiplier;
    __m512 low[2], high[2];
    __m512i zero_point[2];
};

// std::max(r, low) and std::min(r, high) of the scalar code, ties and zeros included: the instructions give
// their second operand where the comparison fails.
__m512 clamp(__m512 r, __m512 low, __m512 high) {
    return _mm512_min_ps(high, _mm512_max_ps(low, r));
}

__m512 activate(const EpilogueParams& params, const Constants& constants, int channel, __m512 r) {
    if (params.activation == EpilogueActivation::kPRelu) {
        const __mmask16 negative = _mm512_cmp_ps_mask(r, _mm512_setzero_ps(), _CMP_LT_OQ);
        return _mm512_mask_mul_ps(r, negative, r, _mm512_loadu_ps(params.slope + channel));
    }
    if (params.activation == EpilogueActivation::kClip) {
        return clamp(r, constants.clip_low, constants.clip_high);
    }
    return r;
}

// The channels of `mask` from `channel` on; `at` is the first one's entry in residual and outputs.
void finish(const EpilogueParams& params, const EpilogueData& data, const Constants& constants, int64_t at,
            int channel, __mmask16 mask, __m512 r) {
    if (!params.activation_after_residual) r = activate(params, constants, channel, r);
    if (params.has_residual) {
        const __m512i levels = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, data.residual + at));
        const __m512 offset = _mm512_cvtepi32_ps(_mm512_sub_epi32(levels, constants.residual_zero_point));
        r = _mm512_add_ps(r, _mm512_mul_ps(offset, constants.residual_multiplier));
    }
    if (params.activation_after_residual) r = activate(params, constants, channel, r);
    for (int index = 0; index < params.output_count; ++index) {
        const EpilogueOutput& output = params.outputs[index];
        __m512 number = r;
        if (output.scale) {
            number = _mm512_add_ps(_mm512_mul_ps(r, _mm512_loadu_ps(output.scale + channel)),
                                   _mm512_loadu_ps(output.shift + channel));
        }
        if (output.is_float) {
            _mm512_mask_storeu_ps(static_cast<float*>(data.outputs[index]) + at, mask, number);
        } else {
            const __m512i rounded =
                _mm512_cvtps_epi32(clamp(number, constants.low[index], constants.high[index]));
            const __m128i levels =
                _mm512_cvtepi32_epi8(_mm512_add_epi32(rounded, constants.zero_point[index]));
            _mm_mask_storeu_epi8(static_cast<uint8_t*>(data.outputs[index]) + at, mask, levels);
        }
    }
}

}  // namespace

// Both work on copies of their parameters: the compiler would have to suppose that storing levels changes the
// originals.

void epilogue_from_accumulators_avx512(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                                       const EpilogueBlock& block, const int32_t* accumulators) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    const Constants constants(params);
    for (int column = 0; column < block.channels; column += kLanes) {
        const int channel = block.first_channel + column;
        const __mmask16 mask = first_lanes(block.channels - column);
        const __m512i bias = _mm512_loadu_si512(params.bias + channel);
        const __m512 multiplier = _mm512_loadu_ps(params.multiplier + channel);
        const __m512 addend = params.addend ? _mm512_loadu_ps(params.addend + channel) : _mm512_setzero_ps();
        for (int row = 0; row < block.pixels; ++row) {
            const __m512i sum = _mm512_loadu_si512(accumulators + row * block.row_stride + column);
            __m512 r = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(sum, bias)), multiplier);
            if (params.addend) r = _mm512_add_ps(r, addend);
            finish(params, data, constants, (block.first_pixel + row) * params.channels + channel, channel,
                   mask, r);
        }
    }
}

void epilogue_from_numbers_avx512(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                                  const EpilogueBlock& block, const float* numbers) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    const Constants constants(params);
    for (int column = 0; column < block.channels; column += kLanes) {
        const int channel = block.first_channel + column;
        const __mmask16 mask = first_lanes(block.channels - column);
        for (int row = 0; row < block.pixels; ++row) {
            finish(params, data, constants, (block.first_pixel + row) * params.channels + channel, channel,
                   mask, _mm512_loadu_ps(numbers + row * block.row_stride + column));
        }
    }
}

}  // namespace quantface
