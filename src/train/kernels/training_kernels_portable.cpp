#define QUANTFACE_LANES 4
#include "train/kernels/kernel_table.h"

namespace quantface {

const TrainingKernels& training_kernels_portable() {
    static constexpr TrainingKernels kKernels = kernels_named("portable");
    return kKernels;
}

}  // namespace quantface
