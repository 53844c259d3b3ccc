#include "base/rng.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace quantface {
namespace {

// Computed by an implementation of SplitMix64 and xoshiro256** of its own, in Python: data sets and models
// are named by their seed, so these numbers never change.
TEST(Rng, NumbersAreStable) {
    Rng zero(0);
    for (const uint64_t expected :
         {0xfb5405f7bd79c540u, 0x780c98e26cea5883u, 0x2a146e0980febc66u, 0x4851477db8791fcau}) {
        EXPECT_EQ(zero.next_u64(), expected);
    }
    Rng other(42, 7);
    for (const uint64_t expected :
         {0x24bfb39aeb008c15u, 0xd858489e7fc02496u, 0x3deebe24036964f3u, 0x532b7127a28f00a1u}) {
        EXPECT_EQ(other.next_u64(), expected);
    }
    EXPECT_EQ(Rng(0).uniform(), static_cast<double>(0xfb5405f7bd79c540u >> 11) / 9007199254740992.0);
}

TEST(Rng, StreamsAndSeedsDiffer) {
    Rng a(5, 0), b(5, 1), c(6, 0);
    int equal = 0;
    for (int draw = 0; draw < 1000; ++draw) {
        const uint64_t number = a.next_u64();
        equal += number == b.next_u64();
        equal += number == c.next_u64();
    }
    EXPECT_EQ(equal, 0);
}

TEST(Rng, BelowStaysBelowAndIsEven) {
    Rng rng(1);
    std::array<int, 7> counts{};
    for (int draw = 0; draw < 70000; ++draw) ++counts[rng.below(7)];
    for (const int count : counts) EXPECT_NEAR(count, 10000, 500);  // 5 standard deviations
    EXPECT_EQ(rng.below(1), 0u);
    for (int draw = 0; draw < 100; ++draw)
        EXPECT_LT(rng.below((uint64_t{1} << 63) + 1), (uint64_t{1} << 63) + 1);
}

TEST(Rng, UniformAndNormalHaveTheirMoments) {
    Rng rng(2);
    double sum = 0, square = 0, fourth = 0;
    constexpr int kDraws = 200000;
    for (int draw = 0; draw < kDraws; ++draw) {
        const double uniform = rng.uniform();
        ASSERT_GE(uniform, 0);
        ASSERT_LT(uniform, 1);
        const double normal = rng.normal();
        sum += normal;
        square += normal * normal;
        fourth += normal * normal * normal * normal;
    }
    EXPECT_NEAR(sum / kDraws, 0, 0.012);
    EXPECT_NEAR(square / kDraws, 1, 0.016);
    EXPECT_NEAR(fourth / kDraws, 3, 0.12);
}

}  // namespace
}  // namespace quantface
