#include "base/byte_reader.h"

#include <gtest/gtest.h>

#include <array>

namespace quantface {
namespace {

TEST(ByteReader, ReadsLittleEndianInOrder) {
    const std::array<uint8_t, 15> bytes{1, 0x34, 0x12, 0xfe, 0xff, 0xff, 0xff, 0, 0, 0x80, 0x3f, 9, 8, 7, 6};
    ByteReader reader(bytes, "a.bin");
    EXPECT_EQ(reader.read<uint8_t>(), 1);
    EXPECT_EQ(reader.read<uint16_t>(), 0x1234);
    EXPECT_EQ(reader.read<int32_t>(), -2);
    EXPECT_EQ(reader.read<float>(), 1.0f);
    EXPECT_EQ(reader.position(), 11u);
    EXPECT_EQ(reader.remaining(), 4u);
    EXPECT_EQ(reader.take(4)[3], 6);
    EXPECT_EQ(reader.remaining(), 0u);
    EXPECT_TRUE(reader.take(0).empty());
}

TEST(ByteReader, NamesTheFileWhereItEnds) {
    const std::array<uint8_t, 3> bytes{};
    ByteReader reader(bytes, "a.bin");
    reader.take(1);
    try {
        reader.read<uint32_t>();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        EXPECT_STREQ(error.what(), "a.bin: truncated: 4 bytes wanted at offset 1, 2 left");
    }
    // Nothing was taken, and a size that would wrap around is no way past the end.
    EXPECT_EQ(reader.position(), 1u);
    EXPECT_THROW(reader.take(SIZE_MAX), Error);
    EXPECT_THROW(reader.take(3), Error);
    EXPECT_EQ(reader.take(2).size(), 2u);
}

}  // namespace
}  // namespace quantface
