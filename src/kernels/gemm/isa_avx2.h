// What all kernels with 256-bit registers have in common: tiles of six rows by 16 columns, which take 12
// registers of sums, 2 of weights, one of levels.
#pragma once

#include "kernels/epilogue/lanes_avx2.h"

namespace quantface {

namespace {

struct Avx2Tile : Avx2Lanes {
    using Vector = Whole;
    static constexpr int kMaxRows = 6;
    static constexpr int kMaxVectors = 2;
    static constexpr int kGroupBytes = 4;
    static constexpr bool kAddsInInt16 = false;

    static Vector zero() { return _mm256_setzero_si256(); }

    static void pin(Vector& sum) { asm volatile("" : "+x"(sum)); }
    template <typename Tile>
    static void to_memory(Tile& sums) {
        asm volatile("" : "+m"(sums));
    }
};

}  // namespace

}  // namespace quantface
