#include "base/cpu_features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

// Of Linux' interface (asm/hwcap.h), which C libraries older than the extensions do not name.
#ifndef HWCAP_ASIMDDP
#define HWCAP_ASIMDDP (1 << 20)
#endif
#ifndef HWCAP2_I8MM
#define HWCAP2_I8MM (1 << 13)
#endif
#endif

namespace quantface {

namespace {

#if defined(__x86_64__)
// Which the builtin does not know in all compilers: CPUID leaf 7, subleaf 1, EAX bit 4. It uses the registers
// of AVX2, which the operating system was asked for.
bool has_avx_vnni() {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 4 & 1);
}
#endif

CpuFeatures detect() {
    CpuFeatures features = 0;
#if defined(__x86_64__)
    // The builtin also asks whether the operating system saves the wide registers.
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2")) return features;
    features |= kCpuAvx2;
    if (has_avx_vnni()) features |= kCpuAvxVnni;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        features |= kCpuAvx512;
        if (__builtin_cpu_supports("avx512vnni")) features |= kCpuAvx512Vnni;
    }
#elif defined(__aarch64__) && defined(__linux__)
    const unsigned long capabilities = getauxval(AT_HWCAP), more_capabilities = getauxval(AT_HWCAP2);
    if (capabilities & HWCAP_ASIMDDP) features |= kCpuNeonDotprod;
    // The matrix products' kernels use dot products, too; no CPU has the former without the latter.
    if ((capabilities & HWCAP_ASIMDDP) && (more_capabilities & HWCAP2_I8MM)) features |= kCpuNeonI8mm;
#endif
    return features;
}

}  // namespace

CpuFeatures cpu_features() {
    static const CpuFeatures features = detect();
    return features;
}

}  // namespace quantface
