// The peaks are plausible: above nothing, and within what the clock allows.
#include "kernels/peak/peak.h"

#include <gtest/gtest.h>

#include <string>

#include "kernels/kernel_set.h"

namespace quantface {
namespace {

constexpr double kSeconds = 0.01;

TEST(PeakTest, EveryPeakIsSomeProductsInACycle) {
    const double clock = measure_clock(kSeconds);
    EXPECT_GT(clock, 1e8);
    EXPECT_LT(clock, 2e10);
    for (const PeakKernel& kernel : peak_kernels()) {
        if (!can_run(kernel.needs, cpu_features())) continue;
        const double in_a_cycle = measure_integer_peak(kernel, kSeconds) / clock;
        SCOPED_TRACE(std::string(kernel.name) + " " + kernel.instruction);
        // Wide bounds: the machine may be busy, and emulated instructions are slow.
        EXPECT_GT(in_a_cycle, 0.01);
        EXPECT_LT(in_a_cycle, 1024);
    }
}

// The bench command tells what share of it each kernel reaches.
TEST(PeakTest, KernelsThatNeedAnInstructionSetHaveAPeak) {
    for (const GemmKernel& kernel : gemm_kernels()) {
        if (kernel.needs == 0 || !can_run(kernel.needs, cpu_features())) continue;
        EXPECT_GT(measure_integer_peak(kernel.name, kSeconds), 0) << kernel.name;
    }
    EXPECT_GT(measure_integer_peak("scalar", kSeconds), 0);
    EXPECT_EQ(measure_integer_peak("none", kSeconds), 0);
}

}  // namespace
}  // namespace quantface
