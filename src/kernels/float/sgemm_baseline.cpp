#include "kernels/float/sgemm.h"
#include "kernels/float/sgemm_tile.h"

namespace quantface {

const SgemmKernel& sgemm_kernel_baseline() {
    static const SgemmKernel kernel{"baseline",
                                    [] { return true; },
                                    4,
                                    16 / 4,
                                    {sgemm_tile<16, 4, 1>, sgemm_tile<16, 4, 2>, sgemm_tile<16, 4, 3>},
                                    sgemm_column<16, 4>};
    return kernel;
}

}  // namespace quantface
