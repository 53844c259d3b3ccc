#include "kernels/gemm/gemm.h"

namespace quantface {

std::span<const GemmKernel> gemm_kernels() {
    static const GemmKernel kKernels[] = {
        kGemmPortable,
#if defined(QUANTFACE_X86_KERNELS)
        kGemmAvx2,
        kGemmAvx2Narrow,
        kGemmAvx512,
        kGemmAvx512Narrow,
        kGemmAvxVnni,
        kGemmAvx512VnniYmm,
        kGemmAvx512Vnni,
#endif
#if defined(QUANTFACE_NEON_KERNELS)
        kGemmNeon,
        kGemmNeonDotprod,
        kGemmNeonI8mm,
#endif
    };
    return kKernels;
}

}  // namespace quantface
