#include "kernels/elementwise/loops.h"

namespace quantface {

const ElementwiseKernel kElementwiseAvx2 = elementwise_kernel("avx2", kCpuAvx2);

}  // namespace quantface
