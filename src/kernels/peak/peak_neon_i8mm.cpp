// Sixteen registers of sums, as many as the kernels have.
#include <arm_neon.h>

#include "kernels/peak/peak.h"
#include "kernels/peak/peak_loops.h"

namespace quantface {

int32_t run_peak_neon_i8mm(int64_t steps) {
    const uint8x16_t levels = vdupq_n_u8(200);
    const int8x16_t weights = vdupq_n_s8(100);
    return run_peak_loop<int32x4_t, 16>(steps, [levels, weights](int32x4_t& sum) {
        asm volatile("usmmla %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(levels), "w"(weights));
    });
}

}  // namespace quantface
