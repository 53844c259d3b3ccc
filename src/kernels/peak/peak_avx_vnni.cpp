// Twelve registers of sums, as many as the kernels have.
#include <immintrin.h>

#include "kernels/peak/peak.h"
#include "kernels/peak/peak_loops.h"

namespace quantface {

int32_t run_peak_avx_vnni(int64_t steps) {
    const __m256i levels = _mm256_set1_epi8(60), weights = _mm256_set1_epi8(100);
    return run_peak_loop<__m256i, 12>(steps, [levels, weights](__m256i& sum) {
        asm volatile("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(levels), "x"(weights));
    });
}

}  // namespace quantface
