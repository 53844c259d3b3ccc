#include "kernels/elementwise/loops.h"

namespace quantface {

const ElementwiseKernel kElementwisePortable = elementwise_kernel("portable", 0);

}  // namespace quantface
