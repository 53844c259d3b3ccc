// Twelve registers of sums, as many as the kernels have. In assembly, as compilers would work out products
// that are all the same once, and keep sums in memory.
#include <immintrin.h>

#include "kernels/peak/peak.h"
#include "kernels/peak/peak_loops.h"

namespace quantface {

int32_t run_peak_avx2(int64_t steps) {
    const __m256i levels = _mm256_set1_epi16(200), weights = _mm256_set1_epi16(100);
    return run_peak_loop<__m256i, 12>(steps, [levels, weights](__m256i& sum) {
        __m256i products;
        asm volatile("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0"
                     : "+x"(sum), "=&x"(products)
                     : "x"(levels), "x"(weights));
    });
}

int32_t run_peak_avx2_narrow(int64_t steps) {
    const __m256i levels = _mm256_set1_epi8(60), weights = _mm256_set1_epi8(30);
    return run_peak_loop<__m256i, 12>(steps, [levels, weights](__m256i& sum) {
        __m256i products;
        asm volatile("vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0"
                     : "+x"(sum), "=&x"(products)
                     : "x"(levels), "x"(weights));
    });
}

}  // namespace quantface
