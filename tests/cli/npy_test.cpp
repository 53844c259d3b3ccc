// The .npy header, byte for byte, as NumPy's format description asks.
#include "formats/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/file.h"

namespace quantface {

namespace {

TEST(Npy, HeaderAndNumbers) {
    const std::vector<float> values = {1, -2.5f, 3, 4, 5e-30f, 6};
    const std::vector<uint8_t> bytes = encode_npy(values, 2, 3);
    ASSERT_GT(bytes.size(), 10u);
    const uint8_t magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    EXPECT_EQ(std::memcmp(bytes.data(), magic, sizeof magic), 0);
    const size_t header_bytes = bytes[8] + 256u * bytes[9];
    EXPECT_EQ((10 + header_bytes) % 64, 0u);
    const std::string header(bytes.begin() + 10, bytes.begin() + 10 + static_cast<ptrdiff_t>(header_bytes));
    EXPECT_TRUE(header.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }")) << header;
    EXPECT_EQ(header.back(), '\n');
    ASSERT_EQ(bytes.size(), 10 + header_bytes + values.size() * 4);
    EXPECT_EQ(std::memcmp(bytes.data() + 10 + header_bytes, values.data(), values.size() * 4), 0);
}

TEST(Npy, HeaderIsAlignedForAnyShape) {
    for (int64_t rows = 1; rows <= 1000000000; rows *= 10) {
        const std::vector<uint8_t> bytes = encode_npy({}, rows, 0);
        EXPECT_EQ(bytes.size() % 64, 0u);
        EXPECT_EQ(bytes.size(), 10u + bytes[8] + 256u * bytes[9]);
        EXPECT_EQ(bytes.back(), '\n');
    }
}

TEST(Npy, WrongCountIsOurDefect) {
    const std::vector<float> values(5);
    EXPECT_THROW(encode_npy(values, 2, 3), std::logic_error);
}

}  // namespace

}  // namespace quantface
