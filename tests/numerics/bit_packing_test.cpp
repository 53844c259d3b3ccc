#include "numerics/bit_packing.h"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "base/rng.h"

namespace quantface {
namespace {

int32_t least(int bits) {
    return static_cast<int32_t>(-(int64_t{1} << (bits - 1)));
}
int32_t greatest(int bits) {
    return static_cast<int32_t>((int64_t{1} << (bits - 1)) - 1);
}

TEST(BitPacking, RoundTripsAllBitsAndSizes) {
    Rng rng(1);
    for (int bits = 2; bits <= 32; ++bits) {
        for (uint64_t count = 0; count <= 70; ++count) {
            std::vector<int32_t> numbers;
            for (uint64_t index = 0; index < count; ++index) {
                numbers.push_back(
                    static_cast<int32_t>(static_cast<int64_t>(rng.below(uint64_t{1} << bits)) + least(bits)));
            }
            const std::vector<uint8_t> packed = pack_signed(numbers, bits);
            ASSERT_EQ(packed.size(), packed_size_bytes(count, bits));
            ASSERT_EQ(unpack_signed(packed, count, bits), numbers) << bits << " bits, " << count;
            if (bits > 8) continue;
            std::vector<int8_t> bytes(count);
            unpack_signed(packed, bytes, bits);
            ASSERT_EQ(std::vector<int32_t>(bytes.begin(), bytes.end()), numbers)
                << bits << " bits, " << count;
        }
        const std::vector<int32_t> extremes{least(bits), greatest(bits), -1, 0, 1, least(bits)};
        EXPECT_EQ(unpack_signed(pack_signed(extremes, bits), extremes.size(), bits), extremes);
    }
}

TEST(BitPacking, EveryWeightOfEveryWidth) {
    for (int bits = 2; bits <= 8; ++bits) {
        std::vector<int32_t> numbers;
        for (int32_t number = least(bits); number <= greatest(bits); ++number) numbers.push_back(number);
        EXPECT_EQ(unpack_signed(pack_signed(numbers, bits), numbers.size(), bits), numbers);
        std::vector<int8_t> bytes(numbers.size());
        unpack_signed(pack_signed(numbers, bits), bytes, bits);
        EXPECT_EQ(std::vector<int32_t>(bytes.begin(), bytes.end()), numbers);
    }
}

TEST(BitPacking, LeastSignificantBitFirst) {
    EXPECT_EQ(pack_signed(std::vector<int32_t>{1, -1, 2}, 3), (std::vector<uint8_t>{0b10'111'001, 0b0}));
    EXPECT_EQ(pack_signed(std::vector<int32_t>{-1, 0, 0}, 3), (std::vector<uint8_t>{0b111, 0}));
    EXPECT_EQ(pack_signed(std::vector<int32_t>{0x12345678}, 32),
              (std::vector<uint8_t>{0x78, 0x56, 0x34, 0x12}));
}

TEST(BitPacking, Sizes) {
    EXPECT_EQ(packed_size_bytes(0, 5), 0u);
    EXPECT_EQ(packed_size_bytes(1, 2), 1u);
    EXPECT_EQ(packed_size_bytes(4, 2), 1u);
    EXPECT_EQ(packed_size_bytes(5, 2), 2u);
    EXPECT_EQ(packed_size_bytes(uint64_t{1} << 40, 32), uint64_t{1} << 42);
}

TEST(BitPacking, BitsNeeded) {
    EXPECT_EQ(signed_bits_needed({}), 2);
    EXPECT_EQ(signed_bits_needed(std::vector<int32_t>{0, 1, -1, -2}), 2);
    EXPECT_EQ(signed_bits_needed(std::vector<int32_t>{2}), 3);
    EXPECT_EQ(signed_bits_needed(std::vector<int32_t>{-3}), 3);
    for (int bits = 3; bits <= 32; ++bits) {
        EXPECT_EQ(signed_bits_needed(std::vector<int32_t>{0, greatest(bits)}), bits);
        EXPECT_EQ(signed_bits_needed(std::vector<int32_t>{least(bits)}), bits);
        EXPECT_EQ(signed_bits_needed(std::vector<int32_t>{least(bits - 1), greatest(bits - 1)}), bits - 1);
    }
}

TEST(BitPacking, NumbersThatDoNotFitAreADefectOfOurs) {
    EXPECT_THROW(pack_signed(std::vector<int32_t>{2}, 2), std::logic_error);
    EXPECT_THROW(pack_signed(std::vector<int32_t>{-9}, 4), std::logic_error);
    EXPECT_THROW(pack_signed(std::vector<int32_t>{0}, 1), std::logic_error);
    EXPECT_THROW(unpack_signed(std::vector<uint8_t>(3), 5, 5), std::logic_error);
}

}  // namespace
}  // namespace quantface
