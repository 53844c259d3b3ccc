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

// Of every length and alignment around the words that the fast ones read, and with what came before.
TEST(Crc32c, EveryWayGivesTheSame) {
    std::vector<uint8_t> bytes(5000);
    Rng rng(1);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng.below(256));
    const std::span<const uint8_t> all(bytes);
    const Crc32cKernel& reference = crc32c_kernels().front();
    for (const Crc32cKernel& kernel : crc32c_kernels()) {
        if ((kernel.needs & ~cpu_features()) != 0) continue;
        for (size_t start = 0; start < 9; ++start) {
            for (size_t length = 0; length < 40; ++length) {
                const auto part = all.subspan(start, length);
                ASSERT_EQ(kernel.update(0xffffffffu, part), reference.update(0xffffffffu, part))
                    << kernel.name;
                ASSERT_EQ(kernel.update(0x12345678u, part), reference.update(0x12345678u, part))
                    << kernel.name;
            }
            EXPECT_EQ(kernel.update(0, all.subspan(start)), reference.update(0, all.subspan(start)))
                << kernel.name;
        }
    }
}

}  // namespace
}  // namespace quantface
