#include "kernels/epilogue/finish_avx2.h"

namespace quantface {

// Both work on copies of their parameters: the compiler would have to suppose that storing levels changes the
// originals.

void epilogue_from_accumulators_avx2(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                                     const EpilogueBlock& block, const int32_t* accumulators) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    for (int row = 0; row < block.pixels; ++row) {
        const int32_t* from = accumulators + row * block.row_stride;
        for (int column = 0; column < block.channels; column += avx2::kLanes) {
            const int channel = block.first_channel + column;
            const int left = block.channels - column;
            const __m256i sums[1][1] = {{_mm256_add_epi32(
                _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + column)),
                _mm256_loadu_si256(reinterpret_cast<const __m256i*>(params.bias + channel)))}};
            avx2::finish_sums<1, 1>(
                params, data, {block.first_pixel + row, channel, left < avx2::kLanes ? left : avx2::kLanes},
                sums);
        }
    }
}

void epilogue_from_numbers_avx2(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                                const EpilogueBlock& block, const float* numbers) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    constexpr int kColumns = 2 * avx2::kLanes;
    for (int row = 0; row < block.pixels; ++row) {
        const float* from = numbers + row * block.row_stride;
        for (int column = 0; column < block.channels; column += kColumns) {
            const int left = block.channels - column;
            __m256 r[1][2] = {
                {_mm256_loadu_ps(from + column), _mm256_loadu_ps(from + column + avx2::kLanes)}};
            avx2::finish_numbers<1, 2>(
                params, data,
                {block.first_pixel + row, block.first_channel + column, left < kColumns ? left : kColumns},
                r);
        }
    }
}

}  // namespace quantface
