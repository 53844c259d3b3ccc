#include "kernels/elementwise/elementwise.h"

namespace quantface {

std::span<const ElementwiseKernel> elementwise_kernels() {
    static const ElementwiseKernel kKernels[] = {
        kElementwisePortable,
#if defined(QUANTFACE_X86_KERNELS)
        kElementwiseAvx2,
        kElementwiseAvx512,
#endif
    };
    return kKernels;
}

void look_up_levels(const uint8_t* from, const uint8_t table[256], int64_t count, uint8_t* to) {
    for (int64_t index = 0; index < count; ++index) to[index] = table[from[index]];
}

}  // namespace quantface
