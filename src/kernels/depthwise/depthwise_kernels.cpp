#include "kernels/depthwise/depthwise.h"

namespace quantface {

std::span<const DepthwiseKernel> depthwise_kernels() {
    static constexpr DepthwiseKernel kKernels[] = {
        {"portable", 0, false, false, pack_depthwise_portable, run_depthwise_portable},
#if defined(QUANTFACE_X86_KERNELS)
        {"avx2", kCpuAvx2, false, false, pack_depthwise_avx2, run_depthwise_avx2},
        {"avx2_narrow", kCpuAvx2, true, false, pack_depthwise_avx2_narrow, run_depthwise_avx2_narrow},
        {"avx512_vnni", kCpuAvx512Vnni, false, true, pack_depthwise_avx512_vnni, run_depthwise_avx512_vnni},
#endif
    };
    return kKernels;
}

bool takes(const DepthwiseKernel& kernel, const ConvGeometry& geometry, int32_t largest_product,
           bool has_weight_offset) {
    return !kernel.adds_in_int16 || (!has_weight_offset && geometry.taps() * largest_product <= 32767);
}

}  // namespace quantface
