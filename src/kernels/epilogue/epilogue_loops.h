// The epilogue of a block in memory, for every row of epilogue_kernels() but the reference. Rows and
// per-channel arrays are readable past their last channel (EpilogueBlock::row_stride, kChannelSlack), so
// vectors need not care.
#pragma once

#include "kernels/epilogue/finish_tile.h"

namespace quantface {

namespace {

// Calls body(place, row, column) for pieces of kColumns channels, the last one of a row with fewer.
template <int kColumns, typename Body>
void for_each_piece(const EpilogueBlock& block, Body body) {
    for (int row = 0; row < block.pixels; ++row) {
        for (int column = 0; column < block.channels; column += kColumns) {
            const int left = block.channels - column;
            body(TilePlace{block.first_pixel + row, block.first_channel + column,
                           left < kColumns ? left : kColumns},
                 row, column);
        }
    }
}

// Both work on copies of their parameters: the compiler would have to suppose that storing levels changes the
// originals.

template <typename Isa>
void finish_accumulators(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                         const EpilogueBlock& block, const int32_t* accumulators) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    for_each_piece<Isa::kLanes>(block, [&](const TilePlace& place, int row, int column) {
        const typename Isa::Whole sums[1][1] = {
            {Isa::add(Isa::load(accumulators + row * block.row_stride + column),
                      Isa::load(params.bias + place.first_channel))}};
        finish_sums<Isa, 1, 1>(params, data, place, sums);
    });
}

template <typename Isa, int kVectors>
void finish_block(const EpilogueParams& shared_params, const EpilogueData& shared_data,
                  const EpilogueBlock& block, const float* numbers) {
    const EpilogueParams params = shared_params;
    const EpilogueData data = shared_data;
    for_each_piece<kVectors * Isa::kLanes>(block, [&](const TilePlace& place, int row, int column) {
        typename Isa::Number r[1][kVectors];
        for (int v = 0; v < kVectors; ++v) {
            // Past the row's end nothing need be readable; what stands there is not used.
            const int at = v * Isa::kLanes < place.channels ? v * Isa::kLanes : 0;
            r[0][v] = Isa::load(numbers + row * block.row_stride + column + at);
        }
        finish_numbers<Isa, 1, kVectors>(params, data, place, r);
    });
}

}  // namespace

}  // namespace quantface
