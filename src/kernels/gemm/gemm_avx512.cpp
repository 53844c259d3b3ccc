// AVX-512 without VNNI: levels and weights widened to int16, pairs of products added in int32 (vpmaddwd).
#include "kernels/gemm/isa_avx512.h"
#include "kernels/gemm/tiles.h"

namespace quantface {

namespace {

struct Avx512 : Avx512Tile {
    static constexpr int kWeightBytes = 32;
    static Vector load_weights(const int8_t* from) {
        return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
    }
    static Vector dot(Vector sums, Vector levels, Vector weights) {
        return _mm512_add_epi32(sums, _mm512_madd_epi16(levels, weights));
    }
};

void widen(const uint8_t* levels, int64_t count, int16_t* wide) {
    int64_t index = 0;
    for (; index + 32 <= count; index += 32) {
        const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(levels + index));
        _mm512_storeu_si512(wide + index, _mm512_cvtepu8_epi16(bytes));
    }
    for (; index < count; ++index) wide[index] = levels[index];
}

}  // namespace

const GemmKernel kGemmAvx512{"avx512",        kCpuAvx512, {64, 16, 2, 0},   Avx512::kMaxRows,
                             kLargestProduct, widen,      run_tiles<Avx512>};

}  // namespace quantface
