#define QUANTFACE_LANES 4
#include "train/kernels/depthwise_loops.h"
#include "train/kernels/epilogue_loops.h"
#include "train/kernels/training_kernels.h"

namespace quantface {

namespace {
template <typename T>
constexpr TrainingKernelsOf<T> kKernelsOf = {epilogue_forward<T>, epilogue_backward<T>, depthwise_forward<T>,
                                             depthwise_backward_input<T>, depthwise_backward_weight<T>};
}  // namespace

const TrainingKernels& training_kernels_portable() {
    static constexpr TrainingKernels kKernels = {"portable", kKernelsOf<float>, kKernelsOf<Bfloat16>};
    return kKernels;
}

}  // namespace quantface
