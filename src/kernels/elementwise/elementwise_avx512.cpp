#include "kernels/elementwise/loops.h"

namespace quantface {

const ElementwiseKernel kElementwiseAvx512 = elementwise_kernel("avx512", kCpuAvx512);

}  // namespace quantface
