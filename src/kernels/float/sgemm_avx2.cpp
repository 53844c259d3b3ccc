#include "kernels/float/sgemm.h"
#include "kernels/float/sgemm_tile.h"

namespace quantface {

const SgemmKernel& sgemm_kernel_avx2() {
    static const SgemmKernel kernel{
        "avx2",
        [] { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); },
        4,
        32 / 4,
        {sgemm_tile<32, 4, 1>, sgemm_tile<32, 4, 2>, sgemm_tile<32, 4, 3>},
        sgemm_column<32, 4>};
    return kernel;
}

}  // namespace quantface
