#include "kernels/float/sgemm.h"
#include "kernels/float/sgemm_tile.h"

namespace quantface {

const SgemmKernel& sgemm_kernel_avx512() {
    static const SgemmKernel kernel{"avx512",
                                    [] { return __builtin_cpu_supports("avx512f") != 0; },
                                    8,
                                    64 / 4,
                                    {sgemm_tile<64, 8, 1>, sgemm_tile<64, 8, 2>, sgemm_tile<64, 8, 3>},
                                    sgemm_column<64, 8>};
    return kernel;
}

}  // namespace quantface
