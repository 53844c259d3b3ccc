// Twenty-four registers of sums, as many as the kernels have and far more than the instruction takes cycles.
// In assembly, as compilers would keep sums in memory.
#include <immintrin.h>

#include "kernels/peak/peak.h"

namespace quantface {

int32_t run_peak_avx512_vnni(int64_t steps) {
    constexpr int kSums = 24;
    const __m512i levels = _mm512_set1_epi8(60), weights = _mm512_set1_epi8(100);
    __m512i sums[kSums];
#pragma GCC unroll 24
    for (int index = 0; index < kSums; ++index) sums[index] = _mm512_setzero_si512();
    for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 24
        for (int index = 0; index < kSums; ++index) {
            asm volatile("vpdpbusd %2, %1, %0" : "+v"(sums[index]) : "v"(levels), "v"(weights));
        }
    }
    __m512i all = _mm512_setzero_si512();
#pragma GCC unroll 24
    for (int index = 0; index < kSums; ++index) all = _mm512_xor_si512(all, sums[index]);
    return _mm512_reduce_add_epi32(all);
}

}  // namespace quantface
