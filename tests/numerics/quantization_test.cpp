#include "numerics/quantization.h"

#include <gtest/gtest.h>

#include <limits>

namespace quantface {
namespace {

TEST(Quantization, TiesGoToEven) {
    const QuantParams params{8, 1.0f, 100};
    EXPECT_EQ(quantize(0.5f, params), 100);
    EXPECT_EQ(quantize(1.5f, params), 102);
    EXPECT_EQ(quantize(2.5f, params), 102);
    EXPECT_EQ(quantize(-0.5f, params), 100);
    EXPECT_EQ(quantize(-1.5f, params), 98);
    EXPECT_EQ(quantize(-2.5f, params), 98);
    EXPECT_EQ(quantize(std::nextafter(0.5f, 1.0f), params), 101);
    EXPECT_EQ(quantize(std::nextafter(1.5f, 0.0f), params), 101);
    // The tie is of the rounded number, before the zero point is added: an odd one changes nothing.
    const QuantParams odd{8, 1.0f, 101};
    EXPECT_EQ(quantize(0.5f, odd), 101);
    EXPECT_EQ(quantize(1.5f, odd), 103);
}

TEST(Quantization, ExtremesAreClamped) {
    constexpr float kLargest = std::numeric_limits<float>::max();
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
        for (const int32_t zero_point : {0, 1, (1 << bits) - 1}) {
            const QuantParams params{bits, 0.25f, zero_point};
            EXPECT_EQ(params.max_level(), (1 << bits) - 1);
            for (const float large : {1e6f, kLargest, kInfinity}) {
                EXPECT_EQ(quantize(large, params), params.max_level());
                EXPECT_EQ(quantize(-large, params), 0);
            }
            EXPECT_EQ(quantize(0.0f, params), zero_point);
            EXPECT_EQ(quantize(-0.0f, params), zero_point);
        }
    }
}

TEST(Quantization, EveryLevelRoundTrips) {
    for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
        for (int32_t zero_point = 0; zero_point < 1 << bits; ++zero_point) {
            const QuantParams params{bits, 0.0371f, zero_point};
            for (int32_t level = 0; level <= params.max_level(); ++level) {
                ASSERT_EQ(quantize(dequantize(level, params), params), level);
            }
        }
    }
}

// The clamp before the rounding gives what the law says: round, then clamp.
TEST(Quantization, ClampingFirstChangesNothing) {
    for (int32_t zero_point = 0; zero_point <= 7; ++zero_point) {
        for (int32_t eighth = -200; eighth <= 200; ++eighth) {
            const float real = static_cast<float>(eighth) / 8;
            const int32_t rounded = static_cast<int32_t>(round_half_to_even(real)) + zero_point;
            ASSERT_EQ(quantize_level(real, zero_point, 7), std::clamp(rounded, 0, 7)) << real;
        }
    }
}

TEST(Quantization, WeightsAreSymmetric) {
    EXPECT_EQ(weight_limit(2), 1);
    EXPECT_EQ(weight_limit(6), 31);
    EXPECT_EQ(weight_limit(8), 127);
}

}  // namespace
}  // namespace quantface
