// What all kernels with 512-bit registers have in common: tiles of six rows by 64 columns, which take 24
// registers of sums, 4 of weights, one of levels.
#pragma once

#include "kernels/epilogue/finish_avx512.h"

namespace quantface {

namespace {

struct Avx512Tile {
    using Vector = __m512i;
    static constexpr int kLanes = 16;
    static constexpr int kMaxRows = 6;
    static constexpr int kMaxVectors = 4;
    static constexpr int kGroupBytes = 4;
    static constexpr bool kAddsInInt16 = false;

    static Vector load(const int32_t* from) { return _mm512_loadu_si512(from); }
    static Vector zero() { return _mm512_setzero_si512(); }
    static Vector broadcast(int32_t levels) { return _mm512_set1_epi32(levels); }

    static void pin(Vector& sum) { asm volatile("" : "+v"(sum)); }
    template <typename Tile>
    static void to_memory(Tile& sums) {
        asm volatile("" : "+m"(sums));
    }

    template <int kRows, int kVectors>
    static void add_level_sums(const int32_t* level_sums, const int32_t* weight_offset, int first_channel,
                               Vector (&sums)[kRows][kVectors]) {
        avx512::add_level_sums<kRows, kVectors>(level_sums, weight_offset, first_channel, sums);
    }
    template <int kRows, int kVectors>
    static void finish_sums(const EpilogueParams& params, const EpilogueData& data,
                            const avx512::TilePlace& place, const Vector (&sums)[kRows][kVectors]) {
        avx512::finish_sums<kRows, kVectors>(params, data, place, sums);
    }
};

}  // namespace

}  // namespace quantface
