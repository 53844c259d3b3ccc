// Tiles of up to four rows by 16 columns: 16 registers of sums. All in an unnamed namespace, so that each
// file has its own, compiled for its instruction set.
//
// Isa tells what that set does:
//   kDepth        entries of a row that one step takes, a multiple of the packing's depth unit
//   kHasHead      whether a block of weights begins with sums to add (GemmPacking::level_offset)
//   Sums<rows>    what a step adds to, set up by start(bias) and turned into rows by finish
//   step<rows>(rows, at, groups, weights, sums): `groups` depth groups (a whole step's, or fewer at a piece's
//   end)
#pragma once

#include "kernels/epilogue/finish_tile.h"
#include "kernels/epilogue/lanes_neon.h"
#include "kernels/gemm/gemm.h"

namespace quantface {

namespace {

constexpr int kNeonColumns = 16;
constexpr int kNeonMaxRows = 4;

template <int kRows>
using RowSums = int32x4_t[kRows][4];

template <typename Isa, int kRows>
void run_neon_tile(const GemmTask& task) {
    constexpr int kUnit = Isa::kDepthUnit, kStepGroups = Isa::kDepth / Isa::kDepthUnit;
    const int8_t* weights = task.weights;
    int32x4_t bias[4];
#pragma GCC unroll 8
    for (int v = 0; v < 4; ++v) {
        bias[v] = vld1q_s32(task.bias + task.first_channel + 4 * v);
        if (Isa::kHasHead)
            bias[v] = vaddq_s32(bias[v], vld1q_s32(reinterpret_cast<const int32_t*>(weights) + 4 * v));
    }
    if (Isa::kHasHead) weights += kNeonColumns * sizeof(int32_t);

    weights += task.first_piece * task.piece_groups * kUnit * kNeonColumns;

    typename Isa::template Sums<kRows> sums;
    Isa::template start<kRows>(bias, sums);
    for (int64_t piece = 0; piece < task.pieces; ++piece) {
        const uint8_t* rows[kRows];
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            rows[row] = static_cast<const uint8_t*>(task.rows[row * task.row_step + piece]);
        }
        int64_t group = 0;
        for (; group + kStepGroups <= task.piece_groups; group += kStepGroups) {
            Isa::template step<kRows, kStepGroups>(rows, group * kUnit, weights, sums);
            weights += kStepGroups * kUnit * kNeonColumns;
        }
        for (; group < task.piece_groups; ++group) {
            Isa::template step<kRows, 1>(rows, group * kUnit, weights, sums);
            weights += kUnit * kNeonColumns;
        }
    }
    RowSums<kRows> row_sums;
    Isa::template finish<kRows>(sums, row_sums);
    add_level_sums<NeonLanes, kRows, 4>(task.level_sums, task.weight_offset, task.first_channel, row_sums);
    finish_sums<NeonLanes, kRows, 4>(*task.epilogue, *task.data,
                                     {task.first_pixel, task.first_channel, task.columns}, row_sums);
}

template <typename Isa>
void run_neon_tiles(const GemmTask& task) {
    switch (task.row_count) {
        case 1:
            return run_neon_tile<Isa, 1>(task);
        case 2:
            return run_neon_tile<Isa, 2>(task);
        case 3:
            return run_neon_tile<Isa, 3>(task);
        default:
            return run_neon_tile<Isa, 4>(task);
    }
}

// For sets whose sums are rows all the time.
struct NeonRows {
    template <int kRows>
    using Sums = RowSums<kRows>;
    template <int kRows>
    static void start(const int32x4_t (&bias)[4], RowSums<kRows>& sums) {
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
            for (int v = 0; v < 4; ++v) sums[row][v] = bias[v];
        }
    }
    template <int kRows>
    static void finish(const RowSums<kRows>& sums, RowSums<kRows>& rows) {
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
            for (int v = 0; v < 4; ++v) rows[row][v] = sums[row][v];
        }
    }
};

}  // namespace

}  // namespace quantface
