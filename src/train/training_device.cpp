#include "train/training_device.h"

#include <torch/cuda.h>

#include <algorithm>

#include "base/error.h"
#include "train/process_group.h"

namespace quantface {

at::Device chosen_device(DeviceKind kind) {
    if (kind == DeviceKind::kCpu) return at::kCPU;
    if (torch::cuda::is_available()) {
        const auto count = static_cast<int>(torch::cuda::device_count());
        return {at::kCUDA, static_cast<at::DeviceIndex>(local_device_index(count))};
    }
    if (kind == DeviceKind::kCuda)
        fail_usage("there is no CUDA device here, or libtorch was built without CUDA");
    return at::kCPU;
}

at::Device chosen_device(const DistillOptions& options) {
    return chosen_device(options.device);
}

bool multiplies_bfloat16(at::Device device) {
    if (!device.is_cpu()) return true;
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

Precision chosen_precision(const DistillOptions& options) {
    if (options.precision != Precision::kAuto) return options.precision;
    const PostTrainingOptions& start = options.start;
    const bool mixed = start.target_bytes || start.target_bits;
    if (!mixed && std::min(start.weight_bits, start.activation_bits) == kMaxBits) return Precision::kFloat32;
    return multiplies_bfloat16(chosen_device(options)) ? Precision::kBfloat16 : Precision::kFloat32;
}

}  // namespace quantface
