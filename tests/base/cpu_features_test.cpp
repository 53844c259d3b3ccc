#include "base/cpu_features.h"

#include <gtest/gtest.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include <fstream>
#include <string>

namespace quantface {
namespace {

bool has(CpuFeatures features) {
    return (cpu_features() & features) != 0;
}

TEST(CpuFeaturesTest, StayTheSame) {
    EXPECT_EQ(cpu_features(), cpu_features());
}

#if defined(__x86_64__)

// The operating system's own list.
bool proc_lists(const std::string& flag) {
    std::ifstream stream("/proc/cpuinfo");
    for (std::string word; stream >> word;) {
        if (word == flag) return true;
    }
    return false;
}

TEST(CpuFeaturesTest, AreWhatTheSystemLists) {
    EXPECT_FALSE(has(kCpuNeonDotprod | kCpuNeonI8mm));
    EXPECT_EQ(has(kCpuAvx2), proc_lists("avx2"));
    EXPECT_EQ(has(kCpuAvxVnni), proc_lists("avx_vnni"));
    const bool avx512 =
        proc_lists("avx512f") && proc_lists("avx512bw") && proc_lists("avx512dq") && proc_lists("avx512vl");
    EXPECT_EQ(has(kCpuAvx512), avx512);
    EXPECT_EQ(has(kCpuAvx512Vnni), avx512 && proc_lists("avx512_vnni"));
}

#elif defined(__aarch64__)

// The processor's own registers, which Linux (and emulation) lets programs read where it says so.
TEST(CpuFeaturesTest, AreWhatTheProcessorSays) {
    constexpr unsigned long kRegistersReadable = 1 << 11;  // HWCAP_CPUID
    if (!(getauxval(AT_HWCAP) & kRegistersReadable)) GTEST_SKIP() << "the registers cannot be read here";
    uint64_t isar0 = 0, isar1 = 0;  // ID_AA64ISAR0_EL1, ID_AA64ISAR1_EL1
    asm("mrs %0, S3_0_C0_C6_0" : "=r"(isar0));
    asm("mrs %0, S3_0_C0_C6_1" : "=r"(isar1));
    EXPECT_FALSE(has(kCpuAvx2 | kCpuAvxVnni | kCpuAvx512 | kCpuAvx512Vnni));
    EXPECT_EQ(has(kCpuNeonDotprod), (isar0 >> 44 & 15) != 0);
    EXPECT_EQ(has(kCpuNeonI8mm), (isar1 >> 52 & 15) != 0);
}

#endif

}  // namespace
}  // namespace quantface
