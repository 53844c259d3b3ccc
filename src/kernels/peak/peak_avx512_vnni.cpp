// Twenty-four registers of sums, as many as the kernels have and far more than the instruction takes cycles;
// twelve of 256 bits. In assembly, as compilers would keep sums in memory.
#include <immintrin.h>

#include "kernels/peak/peak.h"
#include "kernels/peak/peak_loops.h"

namespace quantface {

int32_t run_peak_avx512_vnni(int64_t steps) {
    const __m512i levels = _mm512_set1_epi8(60), weights = _mm512_set1_epi8(100);
    return run_peak_loop<__m512i, 24>(steps, [levels, weights](__m512i& sum) {
        asm volatile("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(levels), "v"(weights));
    });
}

int32_t run_peak_avx512_vnni_ymm(int64_t steps) {
    const __m256i levels = _mm256_set1_epi8(60), weights = _mm256_set1_epi8(100);
    return run_peak_loop<__m256i, 12>(steps, [levels, weights](__m256i& sum) {
        asm volatile("%{evex%} vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(levels), "v"(weights));
    });
}

}  // namespace quantface
