#include "kernels/epilogue/finish_neon.h"

namespace quantface {

namespace {

constexpr int kColumns = 4 * neon::kLanes;

int at_most_a_tile(int channels) {
    return channels < kColumns ? channels : kColumns;
}

}  // namespace

// Both work on copies of their parameters: the compiler would have to suppose that storing levels changes the
// originals. Rows are readable to the next multiple of 16 entries, as per-channel arrays are.

void epilogue_from_accumulators_neon(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                                     const EpilogueBlock& block, const int32_t* accumulators) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    for (int row = 0; row < block.pixels; ++row) {
        for (int column = 0; column < block.channels; column += kColumns) {
            const int channel = block.first_channel + column;
            const int32_t* from = accumulators + row * block.row_stride + column;
            int32x4_t sums[1][4];
            for (int v = 0; v < 4; ++v) {
                sums[0][v] = vaddq_s32(vld1q_s32(from + 4 * v), vld1q_s32(params.bias + channel + 4 * v));
            }
            neon::finish_sums<1, 4>(
                params, data, {block.first_pixel + row, channel, at_most_a_tile(block.channels - column)},
                sums);
        }
    }
}

void epilogue_from_numbers_neon(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                                const EpilogueBlock& block, const float* numbers) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    for (int row = 0; row < block.pixels; ++row) {
        for (int column = 0; column < block.channels; column += kColumns) {
            const float* from = numbers + row * block.row_stride + column;
            float32x4_t r[1][4];
            for (int v = 0; v < 4; ++v) r[0][v] = vld1q_f32(from + 4 * v);
            neon::finish_numbers<1, 4>(params, data,
                                       {block.first_pixel + row, block.first_channel + column,
                                        at_most_a_tile(block.channels - column)},
                                       r);
        }
    }
}

}  // namespace quantface
