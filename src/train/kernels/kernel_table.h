// All training loops in one row of the table. Included by the file of each instruction set, once it has said
// how many lanes it has.
#pragma once

#include "train/kernels/depthwise_loops.h"
#include "train/kernels/epilogue_loops.h"
#include "train/kernels/optimizer_loops.h"
#include "train/kernels/training_kernels.h"
#include "train/kernels/watched_loops.h"
#include "train/kernels/weight_loops.h"

namespace quantface {
namespace {

template <typename T>
constexpr TrainingKernelsOf<T> kKernelsOf = {
    epilogue_forward<T>,          epilogue_backward<T>, depthwise_forward<T>, depthwise_backward_input<T>,
    depthwise_backward_weight<T>, watched_forward<T>,   watched_backward<T>};

constexpr TrainingKernels kernels_named(const char* name) {
    return {name,           kKernelsOf<float>, kKernelsOf<Bfloat16>,  adam,
            sum_of_squares, weight_levels,     weight_levels_backward};
}

}  // namespace
}  // namespace quantface
