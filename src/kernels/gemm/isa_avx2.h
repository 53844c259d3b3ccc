// What all kernels with 256-bit registers have in common: tiles of six rows by 16 columns, which take 12
// registers of sums, 2 of weights, one of levels.
#pragma once

#include "kernels/epilogue/finish_avx2.h"

namespace quantface {

namespace {

struct Avx2Tile {
    using Vector = __m256i;
    static constexpr int kLanes = 8;
    static constexpr int kMaxRows = 6;
    static constexpr int kMaxVectors = 2;
    static constexpr int kGroupBytes = 4;
    static constexpr bool kAddsInInt16 = false;

    static Vector load(const int32_t* from) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    }
    static Vector zero() { return _mm256_setzero_si256(); }
    static Vector broadcast(int32_t levels) { return _mm256_set1_epi32(levels); }

    static void pin(Vector& sum) { asm volatile("" : "+x"(sum)); }
    template <typename Tile>
    static void to_memory(Tile& sums) {
        asm volatile("" : "+m"(sums));
    }

    template <int kRows, int kVectors>
    static void add_level_sums(const int32_t* level_sums, const int32_t* weight_offset, int first_channel,
                               Vector (&sums)[kRows][kVectors]) {
        avx2::add_level_sums<kRows, kVectors>(level_sums, weight_offset, first_channel, sums);
    }
    template <int kRows, int kVectors>
    static void finish_sums(const EpilogueParams& params, const EpilogueData& data,
                            const avx2::TilePlace& place, const Vector (&sums)[kRows][kVectors]) {
        avx2::finish_sums<kRows, kVectors>(params, data, place, sums);
    }
};

}  // namespace

}  // namespace quantface
