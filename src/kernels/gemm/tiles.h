// The loops of a tile of rows and columns, for kernels that broadcast a few levels of one row to all lanes.
// All in an unnamed namespace, so that each file has its own, compiled for its instruction set.
//
// Isa tells what that set does:
//   Vector                      a register of int32 sums
//   kMaxRows, kMaxVectors       the largest tile
//   kGroupBytes                 bytes of levels that are broadcast together
//   kWeightBytes                bytes of packed weights for one register
//   kAddsInInt16                whether dot() adds in int16 lanes, which widen_sums() then adds to int32 sums
//   zero(), load_weights(const int8_t*), and all that kernels/epilogue/finish_tile.h asks for
//   dot(sums, levels, weights)
//   pin(sum), to_memory(sums)   only with kAddsInInt16: tell the compiler, which has registers for one of the
//   two
//                               tiles, to keep the inner loop's in them
#pragma once

#include <cstring>

#include "kernels/epilogue/finish_tile.h"
#include "kernels/gemm/gemm.h"

namespace quantface {

namespace {

template <typename Isa, int kRows, int kVectors>
using Sums = typename Isa::Vector[kRows][kVectors];

// What is read from one end to the other: the weights, and beside them what comes next.
struct Stream {
    Stream(const GemmTask& task, int64_t group_bytes)
        : weights(task.weights + task.first_piece * task.piece_groups * group_bytes),
          prefetch(task.prefetch ? task.prefetch : reinterpret_cast<const std::byte*>(task.weights)),
          prefetch_step(task.prefetch_step) {}
    const int8_t* weights;
    const std::byte* prefetch;
    int64_t prefetch_step;
};

// Adds the products of depth groups [begin, end) of one piece, begin < end.
template <typename Isa, int kRows, int kVectors>
[[gnu::always_inline]] inline void add_groups(const char* const (&rows)[kRows], int64_t begin, int64_t end,
                                              Stream& stream, Sums<Isa, kRows, kVectors>& sums) {
    for (int64_t at = begin * Isa::kGroupBytes; at < end * Isa::kGroupBytes; at += Isa::kGroupBytes) {
        typename Isa::Vector packed[kVectors];
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v)
            packed[v] = Isa::load_weights(stream.weights + Isa::kWeightBytes * v);
        if constexpr (!Isa::kAddsInInt16) {  // it would take longer than the memory does
            __builtin_prefetch(stream.prefetch, 0, 2);
            stream.prefetch += stream.prefetch_step;
        }
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            int32_t some;
            memcpy(&some, rows[row] + at, sizeof some);
            const auto levels = Isa::broadcast(some);
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v) {
                sums[row][v] = Isa::dot(sums[row][v], levels, packed[v]);
                if constexpr (Isa::kAddsInInt16) Isa::pin(sums[row][v]);
            }
        }
        stream.weights += Isa::kWeightBytes * kVectors;
    }
}

template <typename Isa, int kRows, int kVectors>
[[gnu::always_inline]] inline void add_piece(const GemmTask& task, const char* const (&rows)[kRows],
                                             Stream& stream, Sums<Isa, kRows, kVectors>& sums) {
    if constexpr (!Isa::kAddsInInt16) {
        add_groups<Isa, kRows, kVectors>(rows, 0, task.piece_groups, stream, sums);
    } else {
        for (int64_t begin = 0; begin < task.piece_groups; begin += task.groups_in_int16) {
            const int64_t left = task.piece_groups - begin;
            Sums<Isa, kRows, kVectors> narrow;
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
                for (int v = 0; v < kVectors; ++v) narrow[row][v] = Isa::zero();
            }
            Isa::to_memory(sums);
            add_groups<Isa, kRows, kVectors>(
                rows, begin, begin + (left < task.groups_in_int16 ? left : task.groups_in_int16), stream,
                narrow);
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
                for (int v = 0; v < kVectors; ++v) {
                    sums[row][v] = Isa::widen_sums(sums[row][v], narrow[row][v]);
                }
            }
        }
    }
}

template <typename Isa, int kRows, int kVectors>
void run_tile(const GemmTask& task) {
    Sums<Isa, kRows, kVectors> sums;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
        const auto bias = Isa::load(task.bias + task.first_channel + Isa::kLanes * v);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) sums[row][v] = bias;
    }
    Stream stream(task, Isa::kWeightBytes * kVectors);
    for (int64_t piece = 0; piece < task.pieces; ++piece) {
        const char* rows[kRows];
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            rows[row] = static_cast<const char*>(task.rows[row * task.row_step + piece]);
        }
        add_piece<Isa, kRows, kVectors>(task, rows, stream, sums);
    }
    add_level_sums<Isa, kRows, kVectors>(task.level_sums, task.weight_offset, task.first_channel, sums);
    finish_sums<Isa, kRows, kVectors>(*task.epilogue, *task.data,
                                      {task.first_pixel, task.first_channel, task.columns}, sums);
}

template <typename Isa, int kVectors, int kRows>
void run_rows(const GemmTask& task) {
    if (task.row_count == kRows) {
        run_tile<Isa, kRows, kVectors>(task);
    } else if constexpr (kRows > 1) {
        run_rows<Isa, kVectors, kRows - 1>(task);
    }
}

template <typename Isa, int kVectors>
void run_vectors(const GemmTask& task) {
    if (task.columns > (kVectors - 1) * Isa::kLanes) {
        run_rows<Isa, kVectors, Isa::kMaxRows>(task);
    } else if constexpr (kVectors > 1) {
        run_vectors<Isa, kVectors - 1>(task);
    }
}

template <typename Isa>
void run_tiles(const GemmTask& task) {
    run_vectors<Isa, Isa::kMaxVectors>(task);
}

}  // namespace

}  // namespace quantface
