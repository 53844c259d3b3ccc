// AVX-512 without VNNI, levels and weights of few bits: as gemm_avx2_narrow.cpp.
#include "kernels/gemm/isa_avx512.h"
#include "kernels/gemm/tiles.h"

namespace quantface {

namespace {

struct Avx512Narrow : Avx512Tile {
    static constexpr int kWeightBytes = 64;
    static constexpr bool kAddsInInt16 = true;
    static Vector load_weights(const int8_t* from) { return _mm512_loadu_si512(from); }
    static Vector dot(Vector sums, Vector levels, Vector weights) {
        return _mm512_add_epi16(sums, _mm512_maddubs_epi16(levels, weights));
    }
    static Vector widen_sums(Vector sums, Vector narrow) {
        return _mm512_add_epi32(sums, _mm512_madd_epi16(narrow, _mm512_set1_epi16(1)));
    }
};

}  // namespace

const GemmKernel kGemmAvx512Narrow{"avx512_narrow",        kCpuAvx512,     {64, 16, 4, 0},
                                   Avx512Narrow::kMaxRows, kNarrowProduct, nullptr,
                                   run_tiles<Avx512Narrow>};

}  // namespace quantface
