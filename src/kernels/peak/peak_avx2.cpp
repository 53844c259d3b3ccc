// Twelve registers of sums, as many as the kernels have. In assembly, as compilers would work out products
// that are all the same once, and keep sums in memory.
#include <immintrin.h>

#include "kernels/peak/peak.h"

namespace quantface {

namespace {

constexpr int kSums = 12;

// add(sum) for each register of sums and each step.
template <typename Add>
int32_t run(int64_t steps, Add add) {
    __m256i sums[kSums];
#pragma GCC unroll 12
    for (int index = 0; index < kSums; ++index) sums[index] = _mm256_setzero_si256();
    for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
        for (int index = 0; index < kSums; ++index) add(sums[index]);
    }
    __m256i all = _mm256_setzero_si256();
#pragma GCC unroll 12
    for (int index = 0; index < kSums; ++index) all = _mm256_xor_si256(all, sums[index]);
    return _mm256_extract_epi32(all, 0);
}

}  // namespace

int32_t run_peak_avx2_words(int64_t steps) {
    const __m256i levels = _mm256_set1_epi16(200), weights = _mm256_set1_epi16(100);
    return run(steps, [levels, weights](__m256i& sum) {
        __m256i products;
        asm volatile("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0"
                     : "+x"(sum), "=&x"(products)
                     : "x"(levels), "x"(weights));
    });
}

int32_t run_peak_avx2_bytes(int64_t steps) {
    const __m256i levels = _mm256_set1_epi8(60), weights = _mm256_set1_epi8(100);
    const __m256i ones = _mm256_set1_epi16(1);
    return run(steps, [levels, weights, ones](__m256i& sum) {
        __m256i products;
        asm volatile("vpmaddubsw %3, %2, %1\n\tvpmaddwd %4, %1, %1\n\tvpaddd %1, %0, %0"
                     : "+x"(sum), "=&x"(products)
                     : "x"(levels), "x"(weights), "x"(ones));
    });
}

}  // namespace quantface
