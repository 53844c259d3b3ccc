// Levels and weights widened to int16, pairs of products added in int32 (vpmaddwd): exact, where the shorter
// way over vpmaddubsw would saturate at 255 * 127 * 2.
#include "kernels/gemm/isa_avx2.h"
#include "kernels/gemm/tiles.h"

namespace quantface {

namespace {

struct Avx2 : Avx2Tile {
    static constexpr int kWeightBytes = 16;
    static Vector load_weights(const int8_t* from) {
        return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    }
    static Vector dot(Vector sums, Vector levels, Vector weights) {
        return _mm256_add_epi32(sums, _mm256_madd_epi16(levels, weights));
    }
};

void widen(const uint8_t* levels, int64_t count, int16_t* wide) {
    int64_t index = 0;
    for (; index + 16 <= count; index += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(levels + index));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(wide + index), _mm256_cvtepu8_epi16(bytes));
    }
    for (; index < count; ++index) wide[index] = levels[index];
}

}  // namespace

const GemmKernel kGemmAvx2{"avx2",          kCpuAvx2, {16, 8, 2, 0},  Avx2::kMaxRows,
                           kLargestProduct, widen,    run_tiles<Avx2>};

}  // namespace quantface
