#include "base/cpu_features.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace quantface {
namespace {

// The kernel's own list; it says nothing of the emulated CPU where this runs under user-mode emulation.
bool proc_lists(const std::string& flag) {
    std::ifstream stream("/proc/cpuinfo");
    for (std::string word; stream >> word;) {
        if (word == flag) return true;
    }
    return false;
}

TEST(CpuFeaturesTest, StayTheSame) {
    EXPECT_EQ(cpu_features(), cpu_features());
}

TEST(CpuFeaturesTest, AreOfThisArchitecture) {
    [[maybe_unused]] const CpuFeatures of_x86 = kCpuSse42 | kCpuAvx2 | kCpuAvx512Vnni;
    [[maybe_unused]] const CpuFeatures of_arm = kCpuNeonDotprod | kCpuNeonI8mm | kCpuArmCrc32;
#if defined(__x86_64__)
    EXPECT_EQ(cpu_features() & of_arm, 0u);
    EXPECT_EQ((cpu_features() & kCpuAvx2) != 0, proc_lists("avx2"));
    EXPECT_EQ((cpu_features() & kCpuSse42) != 0, proc_lists("sse4_2"));
#elif defined(__aarch64__)
    EXPECT_EQ(cpu_features() & of_x86, 0u);
    if (proc_lists("asimddp")) EXPECT_NE(cpu_features() & kCpuNeonDotprod, 0u);
    if (proc_lists("i8mm")) EXPECT_NE(cpu_features() & kCpuNeonI8mm, 0u);
    // No CPU has matrix products of 8-bit numbers without their dot products.
    if (cpu_features() & kCpuNeonI8mm) EXPECT_NE(cpu_features() & kCpuNeonDotprod, 0u);
#endif
}

}  // namespace
}  // namespace quantface
