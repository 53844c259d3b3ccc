// The tile of the matrix product, for vectors of any width; each instruction set's file instantiates it.
#pragma once

#include <cstdint>
#include <cstring>

namespace quantface {

// kBytes: size of a vector register; a tile is kRows x (kVectors * kBytes / 4).
template <int kBytes, int kRows, int kVectors>
void sgemm_tile(int64_t depth, const float* a, const float* b, const float* bias, float* c,
                int64_t c_stride) {
    constexpr int kLanes = kBytes / 4;
    typedef float Vector __attribute__((vector_size(kBytes), aligned(4), may_alias));
    Vector sums[kRows][kVectors];
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
        for (int vector = 0; vector < kVectors; ++vector) sums[row][vector] = Vector{} + bias[row];
    }
    // Unrolled by hand of the compiler, or the sums would live in memory.
    for (int64_t k = 0; k < depth; ++k) {
        Vector right[kVectors];
#pragma GCC unroll 8
        for (int vector = 0; vector < kVectors; ++vector) {
            std::memcpy(&right[vector], b + vector * kLanes, kBytes);
        }
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
            for (int vector = 0; vector < kVectors; ++vector) sums[row][vector] += right[vector] * a[row];
        }
        a += kRows;
        b += kLanes * kVectors;
    }
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
        for (int vector = 0; vector < kVectors; ++vector) {
            std::memcpy(c + row * c_stride + vector * kLanes, &sums[row][vector], kBytes);
        }
    }
}

}  // namespace quantface
