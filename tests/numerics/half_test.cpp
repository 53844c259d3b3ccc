#include "numerics/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace quantface {
namespace {

TEST(Half, AllCodesRoundTrip) {
    for (uint32_t code = 0; code <= 0xffff; ++code) {
        const float number = half_to_float(static_cast<uint16_t>(code));
        if ((code & 0x7fff) > 0x7c00) {
            EXPECT_TRUE(std::isnan(number));
            EXPECT_TRUE(std::isnan(round_to_half(number)));
            continue;
        }
        ASSERT_EQ(float_to_half(number), code) << number;
        ASSERT_EQ(std::signbit(number), code >= 0x8000);
    }
}

TEST(Half, KnownNumbers) {
    EXPECT_EQ(float_to_half(0.0f), 0x0000);
    EXPECT_EQ(float_to_half(-0.0f), 0x8000);
    EXPECT_EQ(float_to_half(1.0f), 0x3c00);
    EXPECT_EQ(float_to_half(-2.0f), 0xc000);
    EXPECT_EQ(float_to_half(65504.0f), 0x7bff);
    EXPECT_EQ(float_to_half(0x1p-14f), 0x0400);
    EXPECT_EQ(float_to_half(0x1p-24f), 0x0001);
    EXPECT_EQ(float_to_half(1.0f / 3), 0x3555);
    EXPECT_EQ(float_to_half(std::numeric_limits<float>::infinity()), 0x7c00);
}

// Between two neighbours the nearer one, half way the even one, in all binades and below them.
TEST(Half, RoundsToNearestEven) {
    for (uint32_t code = 0; code < 0x7bff; ++code) {
        const float low = half_to_float(static_cast<uint16_t>(code));
        const float high = half_to_float(static_cast<uint16_t>(code + 1));
        const float middle = low + (high - low) / 2;
        const uint32_t even = code + (code & 1);
        ASSERT_EQ(float_to_half(middle), even) << code;
        ASSERT_EQ(float_to_half(-middle), even | 0x8000);
        ASSERT_EQ(float_to_half(std::nextafter(middle, 0.0f)), code);
        ASSERT_EQ(float_to_half(std::nextafter(middle, HUGE_VALF)), code + 1);
    }
}

TEST(Half, Extremes) {
    EXPECT_EQ(float_to_half(65519.996f), 0x7bff);
    EXPECT_EQ(float_to_half(65520.0f), 0x7c00);  // half way to the number that does not exist
    EXPECT_EQ(float_to_half(-std::numeric_limits<float>::max()), 0xfc00);
    EXPECT_EQ(float_to_half(std::numeric_limits<float>::denorm_min()), 0x0000);
    EXPECT_EQ(float_to_half(-std::numeric_limits<float>::min()), 0x8000);
    EXPECT_EQ(float_to_half(0x1p-25f), 0x0000);  // half way to the smallest, zero is even
    EXPECT_EQ(float_to_half(0x1.000002p-25f), 0x0001);
}

}  // namespace
}  // namespace quantface
