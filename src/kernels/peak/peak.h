// How fast one core can multiply and add 8-bit numbers at all: loops of nothing but the instructions that the
// kernels multiply with, on registers. What a kernel reaches of that is how good it is. One row of
// peak_kernels() for each way to multiply.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/cpu_features.h"

namespace quantface {

struct PeakKernel {
    const char* name;         // as in gemm_kernels(): the kernel that multiplies so
    const char* instruction;  // that multiplies
    CpuFeatures needs;
    int64_t products;  // multiply-accumulates of one step
    // Runs so many steps. What it gives only keeps compilers from leaving them out.
    int32_t (*run)(int64_t steps);
};

// Slowest instruction set first.
std::span<const PeakKernel> peak_kernels();

// Multiply-accumulates per second of the calling thread: the best of repeated runs of about a millisecond, as
// others only ever slow it down. Takes about `seconds`. The CPU must be able to run the kernel.
double measure_integer_peak(const PeakKernel& kernel, double seconds = 0.1);
// Of the row of that name; 0 where there is none or the CPU cannot run it.
double measure_integer_peak(std::string_view name, double seconds = 0.1);

// Cycles per second of the calling thread, by a chain of additions of one cycle each.
double measure_clock(double seconds = 0.1);

int32_t run_peak_scalar(int64_t steps);
#if defined(QUANTFACE_X86_KERNELS)
int32_t run_peak_avx2(int64_t steps);
int32_t run_peak_avx2_narrow(int64_t steps);
int32_t run_peak_avx_vnni(int64_t steps);
int32_t run_peak_avx512(int64_t steps);
int32_t run_peak_avx512_narrow(int64_t steps);
int32_t run_peak_avx512_vnni_ymm(int64_t steps);
int32_t run_peak_avx512_vnni(int64_t steps);
#endif
#if defined(QUANTFACE_NEON_KERNELS)
int32_t run_peak_neon_dotprod(int64_t steps);
int32_t run_peak_neon_i8mm(int64_t steps);
#endif

}  // namespace quantface
