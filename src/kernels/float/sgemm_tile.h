// The tiles of the matrix product, for vectors of any width; each instruction set's file instantiates them.
// kBytes, the size of a vector register, must differ between those files: two of them with one instance would
// share its code.
#pragma once

#include <cstdint>
#include <cstring>

namespace quantface {

template <int kBytes>
struct SgemmVector {
    typedef float Type __attribute__((vector_size(kBytes)));
};

// A tile is kRows x (kVectors * kBytes / 4).
template <int kBytes, int kRows, int kVectors>
void sgemm_tile(int64_t depth, const float* a, const float* b, int64_t b_stride, const float* bias, float* c,
                int64_t c_stride) {
    constexpr int kLanes = kBytes / 4;
    using Vector = typename SgemmVector<kBytes>::Type;
    Vector sums[kRows][kVectors];
    // All inner loops must be unrolled, or the sums would live in memory.
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
        for (int vector = 0; vector < kVectors; ++vector) sums[row][vector] = Vector{} + bias[row];
    }
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
        b += b_stride;
    }
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
        for (int vector = 0; vector < kVectors; ++vector) {
            std::memcpy(c + row * c_stride + vector * kLanes, &sums[row][vector], kBytes);
        }
    }
}

// One column: the rows of A are the lanes. Several sums hide the latency of an addition.
template <int kBytes, int kRows>
void sgemm_column(int64_t depth, const float* a, const float* b, const float* bias, float* c) {
    constexpr int kSums = 4;
    using Vector = typename SgemmVector<kRows * 4>::Type;
    Vector sums[kSums]{};
    std::memcpy(&sums[0], bias, sizeof(Vector));
    const auto add = [&](Vector& sum, int64_t k) {
        Vector left;
        std::memcpy(&left, a + k * kRows, sizeof(Vector));
        sum += left * b[k];
    };
    int64_t k = 0;
    for (; k + kSums <= depth; k += kSums) {
#pragma GCC unroll 4
        for (int i = 0; i < kSums; ++i) add(sums[i], k + i);
    }
    for (; k < depth; ++k) add(sums[0], k);
    const Vector sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    std::memcpy(c, &sum, sizeof(Vector));
}

}  // namespace quantface
