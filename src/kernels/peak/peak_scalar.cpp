// Eight chains of one multiplication and one addition each, one number at a time.
#include "kernels/peak/peak.h"

namespace quantface {

int32_t run_peak_scalar(int64_t steps) {
    uint32_t sums[8] = {};
    for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 8
        for (uint32_t& sum : sums) {
            uint32_t level = 200, weight = 100;
            // Unknown to the compiler, so that nothing is worked out beforehand or as vectors.
            asm volatile("" : "+r"(level), "+r"(weight));
            sum += level * weight;
        }
    }
    uint32_t all = 0;
    for (const uint32_t sum : sums) all += sum;
    return static_cast<int32_t>(all);
}

}  // namespace quantface
