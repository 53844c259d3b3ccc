#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string_view>
#include <vector>

#include "base/rng.h"

namespace quantface {
namespace {

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
TEST(Crc32c, KnownVectors) {
    EXPECT_EQ(crc32c({}), 0u);
    EXPECT_EQ(crc32c(std::vector<uint8_t>(32, 0)), 0x8a9136aau);
    EXPECT_EQ(crc32c(std::vector<uint8_t>(32, 0xff)), 0x62a8ab43u);
    std::vector<uint8_t> rising(32);
    std::iota(rising.begin(), rising.end(), uint8_t{0});
    EXPECT_EQ(crc32c(rising), 0x46dd794eu);
    EXPECT_EQ(crc32c(std::vector<uint8_t>(rising.rbegin(), rising.rend())), 0x113fdb5cu);
    constexpr std::string_view digits = "123456789";
    EXPECT_EQ(crc32c(std::vector<uint8_t>(digits.begin(), digits.end())), 0xe3069283u);
}

// By the polynomial, bit by bit, whatever the length and place.
TEST(Crc32c, IsThePolynomialsRemainder) {
    Rng rng(1);
    std::vector<uint8_t> bytes(100);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng.below(256));
    for (size_t begin = 0; begin < 9; ++begin) {
        for (size_t length = 0; length + begin <= bytes.size(); ++length) {
            uint32_t expected = 0xffffffffu;
            for (size_t index = begin; index < begin + length; ++index) {
                expected ^= bytes[index];
                for (int bit = 0; bit < 8; ++bit) {
                    expected = (expected >> 1) ^ ((expected & 1) ? 0x82f63b78u : 0u);
                }
            }
            ASSERT_EQ(crc32c(std::span(bytes).subspan(begin, length)), ~expected);
        }
    }
}

}  // namespace
}  // namespace quantface
