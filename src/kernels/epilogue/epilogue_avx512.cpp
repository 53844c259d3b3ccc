#include "kernels/epilogue/finish_avx512.h"

namespace quantface {

// Both work on copies of their parameters: the compiler would have to suppose that storing levels changes the
// originals.

void epilogue_from_accumulators_avx512(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                                       const EpilogueBlock& block, const int32_t* accumulators) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    for (int row = 0; row < block.pixels; ++row) {
        for (int column = 0; column < block.channels; column += avx512::kLanes) {
            const int channel = block.first_channel + column;
            const int left = block.channels - column;
            const __m512i sums[1][1] = {
                {_mm512_add_epi32(_mm512_loadu_si512(accumulators + row * block.row_stride + column),
                                  _mm512_loadu_si512(params.bias + channel))}};
            avx512::finish_sums<1, 1>(
                params, data,
                {block.first_pixel + row, channel, left < avx512::kLanes ? left : avx512::kLanes}, sums);
        }
    }
}

void epilogue_from_numbers_avx512(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                                  const EpilogueBlock& block, const float* numbers) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    constexpr int kColumns = 4 * avx512::kLanes;
    for (int row = 0; row < block.pixels; ++row) {
        int column = 0;
        for (; column + kColumns <= block.channels; column += kColumns) {
            __m512 r[1][4];
            for (int v = 0; v < 4; ++v) {
                r[0][v] = _mm512_loadu_ps(numbers + row * block.row_stride + column + avx512::kLanes * v);
            }
            avx512::finish_numbers<1, 4>(
                params, data, {block.first_pixel + row, block.first_channel + column, kColumns}, r);
        }
        for (; column < block.channels; column += avx512::kLanes) {
            const int left = block.channels - column;
            __m512 r[1][1] = {{_mm512_loadu_ps(numbers + row * block.row_stride + column)}};
            avx512::finish_numbers<1, 1>(params, data,
                                         {block.first_pixel + row, block.first_channel + column,
                                          left < avx512::kLanes ? left : avx512::kLanes},
                                         r);
        }
    }
}

}  // namespace quantface
