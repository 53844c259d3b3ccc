// For levels and weights of few bits: pairs of products in int16 (vpmaddubsw), several pairs added there
// before they are widened. At 6 bits a pair is at most 63 * 31 * 2, so eight pairs fit.
#include "kernels/gemm/isa_avx2.h"
#include "kernels/gemm/tiles.h"

namespace quantface {

namespace {

struct Avx2Narrow : Avx2Tile {
    static constexpr int kWeightBytes = 32;
    static constexpr bool kAddsInInt16 = true;
    static Vector load_weights(const int8_t* from) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    }
    static Vector dot(Vector sums, Vector levels, Vector weights) {
        return _mm256_add_epi16(sums, _mm256_maddubs_epi16(levels, weights));
    }
    static Vector widen_sums(Vector sums, Vector narrow) {
        return _mm256_add_epi32(sums, _mm256_madd_epi16(narrow, _mm256_set1_epi16(1)));
    }
};

}  // namespace

const GemmKernel kGemmAvx2Narrow{"avx2_narrow",  kCpuAvx2, {16, 8, 4, 0},        Avx2Narrow::kMaxRows,
                                 kNarrowProduct, nullptr,  run_tiles<Avx2Narrow>};

}  // namespace quantface
