#include "train/kernels/training_kernels.h"

#include "base/cpu_features.h"

namespace quantface {

const TrainingKernels& training_kernels() {
#if defined(QUANTFACE_X86_KERNELS)
    const CpuFeatures features = cpu_features();
    if (features & kCpuAvx512Vnni) return training_kernels_avx512();
    if (features & kCpuAvx2) return training_kernels_avx2();
#endif
    return training_kernels_portable();
}

}  // namespace quantface
