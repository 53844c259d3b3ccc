// Eight channels at a time. Only intrinsics and code local to this file: a shared inline function compiled
// here with AVX2 could be the copy that the linker keeps for everybody.
#include <immintrin.h>

#include <cstring>

#include "kernels/epilogue/epilogue.h"

namespace quantface {

namespace {

constexpr int kLanes = 8;

// What does not change from vector to vector.
struct Constants {
    explicit Constants(const EpilogueParams& params)
        : clip_low(_mm256_set1_ps(params.clip_low)),
          clip_high(_mm256_set1_ps(params.clip_high)),
          residual_zero_point(_mm256_set1_epi32(params.residual_zero_point)),
          residual_multiplier(_mm256_set1_ps(params.residual_multiplier)) {
        for (int index = 0; index < params.output_count; ++index) {
            const EpilogueOutput& output = params.outputs[index];
            low[index] = _mm256_set1_ps(static_cast<float>(-output.zero_point));
            high[index] = _mm256_set1_ps(static_cast<float>(output.max_level - output.zero_point));
            zero_point[index] = _mm256_set1_epi32(output.zero_point);
        }
    }
    __m256 clip_low, clip_high;
    __m256i residual_zero_point;
    __m256 residual_multiplier;
    __m256 low[2], high[2];
    __m256i zero_point[2];
};

// std::max(r, low) and std::min(r, high) of the scalar code, ties and zeros included: the instructions give
// their second operand where the comparison fails.
__m256 clamp(__m256 r, __m256 low, __m256 high) {
    return _mm256_min_ps(high, _mm256_max_ps(low, r));
}

__m256 activate(const EpilogueParams& params, const Constants& constants, int channel, __m256 r) {
    if (params.activation == EpilogueActivation::kPRelu) {
        const __m256 negative = _mm256_cmp_ps(r, _mm256_setzero_ps(), _CMP_LT_OQ);
        const __m256 product = _mm256_mul_ps(r, _mm256_loadu_ps(params.slope + channel));
        return _mm256_blendv_ps(r, product, negative);
    }
    if (params.activation == EpilogueActivation::kClip) {
        return clamp(r, constants.clip_low, constants.clip_high);
    }
    return r;
}

__m128i load_levels(const uint8_t* levels, int count) {
    if (count == kLanes) return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(levels));
    uint64_t bytes = 0;
    memcpy(&bytes, levels, static_cast<size_t>(count));
    return _mm_cvtsi64_si128(static_cast<long long>(bytes));
}

void store_levels(uint8_t* levels, int count, __m256i values) {
    const __m128i words =
        _mm_packus_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
    const __m128i bytes = _mm_packus_epi16(words, words);
    if (count == kLanes) {
        _mm_storel_epi64(reinterpret_cast<__m128i*>(levels), bytes);
    } else {
        const long long all = _mm_cvtsi128_si64(bytes);
        memcpy(levels, &all, static_cast<size_t>(count));
    }
}

void store_numbers(float* numbers, int count, __m256 values) {
    if (count == kLanes) {
        _mm256_storeu_ps(numbers, values);
    } else {
        float all[kLanes];
        _mm256_storeu_ps(all, values);
        memcpy(numbers, all, static_cast<size_t>(count) * sizeof(float));
    }
}

// `count` channels, 1..8, from `channel` on, of the pixel whose first channel is entry `at` - channel.
void finish(const EpilogueParams& params, const EpilogueData& data, const Constants& constants, int64_t at,
            int channel, int count, __m256 r) {
    if (!params.activation_after_residual) r = activate(params, constants, channel, r);
    if (params.has_residual) {
        const __m256i levels = _mm256_cvtepu8_epi32(load_levels(data.residual + at, count));
        const __m256 offset = _mm256_cvtepi32_ps(_mm256_sub_epi32(levels, constants.residual_zero_point));
        r = _mm256_add_ps(r, _mm256_mul_ps(offset, constants.residual_multiplier));
    }
    if (params.activation_after_residual) r = activate(params, constants, channel, r);
    for (int index = 0; index < params.output_count; ++index) {
        const EpilogueOutput& output = params.outputs[index];
        __m256 number = r;
        if (output.scale) {
            number = _mm256_add_ps(_mm256_mul_ps(r, _mm256_loadu_ps(output.scale + channel)),
                                   _mm256_loadu_ps(output.shift + channel));
        }
        if (output.is_float) {
            store_numbers(static_cast<float*>(data.outputs[index]) + at, count, number);
        } else {
            const __m256i rounded =
                _mm256_cvtps_epi32(clamp(number, constants.low[index], constants.high[index]));
            store_levels(static_cast<uint8_t*>(data.outputs[index]) + at, count,
                         _mm256_add_epi32(rounded, constants.zero_point[index]));
        }
    }
}

}  // namespace

// Both work on copies of their parameters: the compiler would have to suppose that storing levels changes the
// originals.

void epilogue_from_accumulators_avx2(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                                     const EpilogueBlock& block, const int32_t* accumulators) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    const Constants constants(params);
    for (int row = 0; row < block.pixels; ++row) {
        const int32_t* from = accumulators + row * block.row_stride;
        const int64_t at = (block.first_pixel + row) * params.channels + block.first_channel;
        for (int column = 0; column < block.channels; column += kLanes) {
            const int channel = block.first_channel + column;
            const int left = block.channels - column;
            const __m256i sum =
                _mm256_add_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + column)),
                                 _mm256_loadu_si256(reinterpret_cast<const __m256i*>(params.bias + channel)));
            __m256 r = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_loadu_ps(params.multiplier + channel));
            if (params.addend) r = _mm256_add_ps(r, _mm256_loadu_ps(params.addend + channel));
            finish(params, data, constants, at + column, channel, left < kLanes ? left : kLanes, r);
        }
    }
}

void epilogue_from_numbers_avx2(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                                const EpilogueBlock& block, const float* numbers) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    const Constants constants(params);
    for (int row = 0; row < block.pixels; ++row) {
        const float* from = numbers + row * block.row_stride;
        const int64_t at = (block.first_pixel + row) * params.channels + block.first_channel;
        for (int column = 0; column < block.channels; column += kLanes) {
            const int left = block.channels - column;
            finish(params, data, constants, at + column, block.first_channel + column,
                   left < kLanes ? left : kLanes, _mm256_loadu_ps(from + column));
        }
    }
}

}  // namespace quantface
