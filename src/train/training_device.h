// Where a run trains, and in which numbers.
#pragma once

#include <ATen/core/Tensor.h>

#include "train/distill.h"

namespace quantface {

// Throws Error(kUsage) where a CUDA device is asked for and there is none.
at::Device chosen_device(DeviceKind kind);
// Throws Error(kUsage) where the options ask for a CUDA device and there is none.
at::Device chosen_device(const DistillOptions& options);

// True where the device multiplies bfloat16 by itself.
bool multiplies_bfloat16(at::Device device);

// Never kAuto.
Precision chosen_precision(const DistillOptions& options);

}  // namespace quantface
