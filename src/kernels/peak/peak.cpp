#include "kernels/peak/peak.h"

#include <algorithm>
#include <chrono>

namespace quantface {

namespace {

// The portable kernels are whatever a compiler makes of plain loops, so only plain arithmetic bounds them.
constexpr PeakKernel kPeakKernels[] = {
    {"scalar", "multiply and add", 0, 8, run_peak_scalar},
#if defined(QUANTFACE_X86_KERNELS)
    {"avx2", "vpmaddwd, vpaddd ymm", kCpuAvx2, 12 * 16, run_peak_avx2},
    {"avx2_narrow", "vpmaddubsw, vpaddw ymm", kCpuAvx2, 12 * 32, run_peak_avx2_narrow},
    {"avx_vnni", "vpdpbusd ymm", kCpuAvxVnni, 12 * 32, run_peak_avx_vnni},
    {"avx512", "vpmaddwd, vpaddd zmm", kCpuAvx512, 24 * 32, run_peak_avx512},
    {"avx512_narrow", "vpmaddubsw, vpaddw zmm", kCpuAvx512, 24 * 64, run_peak_avx512_narrow},
    {"avx512_vnni_ymm", "vpdpbusd ymm", kCpuAvx512Vnni, 12 * 32, run_peak_avx512_vnni_ymm},
    {"avx512_vnni", "vpdpbusd zmm", kCpuAvx512Vnni, 24 * 64, run_peak_avx512_vnni},
#endif
#if defined(QUANTFACE_NEON_KERNELS)
    {"neon_dotprod", "sdot", kCpuNeonDotprod, 16 * 16, run_peak_neon_dotprod},
    {"neon_i8mm", "usmmla", kCpuNeonI8mm, 16 * 32, run_peak_neon_i8mm},
#endif
};

constexpr double kWindowSeconds = 1e-3;

double seconds_of(int32_t (*run)(int64_t), int64_t steps) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    volatile int32_t result = run(steps);
    static_cast<void>(result);
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Steps per second: the best of windows long enough to time and too short to be interrupted often.
double best_rate(int32_t (*run)(int64_t), double seconds) {
    int64_t steps = 1000;
    while (seconds_of(run, steps) < kWindowSeconds) steps *= 2;
    double best = 0;
    for (double spent = 0; best == 0 || spent < seconds;) {
        const double window = seconds_of(run, steps);
        best = std::max(best, static_cast<double>(steps) / window);
        spent += window;
    }
    return best;
}

constexpr int kChain = 64;

int32_t run_chain(int64_t steps) {
    uint64_t sum = 1;
    uint64_t number = 3;
    asm volatile("" : "+r"(number));
    for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 64
        for (int link = 0; link < kChain; ++link) {
            sum += number;
            // Or the additions would become one multiplication.
            asm volatile("" : "+r"(sum));
        }
    }
    return static_cast<int32_t>(sum);
}

}  // namespace

std::span<const PeakKernel> peak_kernels() {
    return kPeakKernels;
}

double measure_integer_peak(const PeakKernel& kernel, double seconds) {
    return best_rate(kernel.run, seconds) * static_cast<double>(kernel.products);
}

double measure_integer_peak(std::string_view name, double seconds) {
    for (const PeakKernel& kernel : kPeakKernels) {
        const bool can_run = (kernel.needs & ~cpu_features()) == 0;
        if (kernel.name == name) return can_run ? measure_integer_peak(kernel, seconds) : 0;
    }
    return 0;
}

double measure_clock(double seconds) {
    return best_rate(run_chain, seconds) * kChain;
}

}  // namespace quantface
