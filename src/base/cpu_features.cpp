#include "base/cpu_features.h"

namespace quantface {

namespace {

CpuFeatures detect() {
    CpuFeatures features = 0;
#if defined(__x86_64__)
    // The builtin also asks whether the operating system saves the wide registers.
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2")) features |= kCpuAvx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vnni")) {
        features |= kCpuAvx512Vnni;
    }
#endif
    return features;
}

}  // namespace

CpuFeatures cpu_features() {
    static const CpuFeatures features = detect();
    return features;
}

}  // namespace quantface
