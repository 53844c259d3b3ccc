#include "base/crc32c.h"

#include <array>

namespace quantface {

namespace {

constexpr size_t kBytesTogether = 8;
using Tables = std::array<std::array<uint32_t, 256>, kBytesTogether>;

// tables[n][byte]: what a byte does to the checksum with n bytes behind it.
constexpr Tables make_tables() {
    Tables tables{};
    for (uint32_t index = 0; index < 256; ++index) {
        uint32_t value = index;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0x82f63b78u : 0u);
        tables[0][index] = value;
    }
    for (size_t behind = 1; behind < kBytesTogether; ++behind) {
        for (size_t index = 0; index < 256; ++index) {
            const uint32_t before = tables[behind - 1][index];
            tables[behind][index] = (before >> 8) ^ tables[0][before & 0xff];
        }
    }
    return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

// Eight bytes at a time, whose lookups do not wait for each other ("slicing by eight": Kounavis, Berry 2005).
uint32_t crc32c(std::span<const uint8_t> bytes) {
    uint32_t crc = 0xffffffffu;
    const uint8_t* at = bytes.data();
    size_t left = bytes.size();
    for (; left >= kBytesTogether; left -= kBytesTogether, at += kBytesTogether) {
        uint32_t next = 0;
        for (size_t index = 0; index < kBytesTogether; ++index) {
            const uint32_t mixed = index < 4 ? (crc >> (8 * index)) & 0xff : 0;
            next ^= kTables[kBytesTogether - 1 - index][at[index] ^ mixed];
        }
        crc = next;
    }
    for (; left > 0; --left, ++at) crc = (crc >> 8) ^ kTables[0][(crc ^ *at) & 0xff];
    return ~crc;
}

}  // namespace quantface
