#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string_view>
#include <vector>

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

}  // namespace
}  // namespace quantface
