// What all kernels with 512-bit registers have in common: tiles of six rows by 64 columns, which take 24
// registers of sums, 4 of weights, one of levels.
#pragma once

#include "kernels/epilogue/lanes_avx512.h"

namespace quantface {

namespace {

struct Avx512Tile : Avx512Lanes {
    using Vector = Whole;
    static constexpr int kMaxRows = 6;
    static constexpr int kMaxVectors = 4;
    static constexpr int kGroupBytes = 4;
    static constexpr bool kAddsInInt16 = false;

    static Vector zero() { return _mm512_setzero_si512(); }

    static void pin(Vector& sum) { asm volatile("" : "+v"(sum)); }
    template <typename Tile>
    static void to_memory(Tile& sums) {
        asm volatile("" : "+m"(sums));
    }
};

}  // namespace

}  // namespace quantface
