#include "kernels/epilogue/epilogue.h"

namespace quantface {

std::span<const EpilogueKernel> epilogue_kernels() {
    static constexpr EpilogueKernel kKernels[] = {
        {"scalar", 0, epilogue_from_accumulators_scalar, epilogue_from_numbers_scalar},
#if defined(QUANTFACE_X86_KERNELS)
        {"avx2", kCpuAvx2, epilogue_from_accumulators_avx2, epilogue_from_numbers_avx2},
        {"avx512", kCpuAvx512, epilogue_from_accumulators_avx512, epilogue_from_numbers_avx512},
#endif
#if defined(QUANTFACE_NEON_KERNELS)
        {"neon", 0, epilogue_from_accumulators_neon, epilogue_from_numbers_neon},
#endif
    };
    return kKernels;
}

}  // namespace quantface
