// As peak_avx2.cpp, with twenty-four registers of sums.
#include <immintrin.h>

#include "kernels/peak/peak.h"
#include "kernels/peak/peak_loops.h"

namespace quantface {

int32_t run_peak_avx512(int64_t steps) {
    const __m512i levels = _mm512_set1_epi16(200), weights = _mm512_set1_epi16(100);
    return run_peak_loop<__m512i, 24>(steps, [levels, weights](__m512i& sum) {
        __m512i products;
        asm volatile("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0"
                     : "+v"(sum), "=&v"(products)
                     : "v"(levels), "v"(weights));
    });
}

int32_t run_peak_avx512_narrow(int64_t steps) {
    const __m512i levels = _mm512_set1_epi8(60), weights = _mm512_set1_epi8(30);
    return run_peak_loop<__m512i, 24>(steps, [levels, weights](__m512i& sum) {
        __m512i products;
        asm volatile("vpmaddubsw %3, %2, %1\n\tvpaddw %1, %0, %0"
                     : "+v"(sum), "=&v"(products)
                     : "v"(levels), "v"(weights));
    });
}

}  // namespace quantface
