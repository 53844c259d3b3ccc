#define QUANTFACE_LANES 16
#include "train/kernels/kernel_table.h"

namespace quantface {

const TrainingKernels& training_kernels_avx512() {
    static constexpr TrainingKernels kKernels = kernels_named("avx512");
    return kKernels;
}

}  // namespace quantface
