#define QUANTFACE_LANES 8
#include "train/kernels/kernel_table.h"

namespace quantface {

const TrainingKernels& training_kernels_avx2() {
    static constexpr TrainingKernels kKernels = kernels_named("avx2");
    return kKernels;
}

}  // namespace quantface
