#include "kernels/float/sgemm.h"
#include "kernels/float/sgemm_tile.h"

namespace quantface {

const SgemmKernel& sgemm_kernel_baseline() {
    static const SgemmKernel kernel{"baseline", [] { return true; }, 4, 2 * 16 / 4, sgemm_tile<16, 4, 2>};
    return kernel;
}

}  // namespace quantface
