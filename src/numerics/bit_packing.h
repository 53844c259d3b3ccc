// Integers stored at exactly their number of bits, one after the other, least significant bit first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quantface {

// Bytes that `count` numbers of `bits` bits (1..32) take.
constexpr uint64_t packed_size_bytes(uint64_t count, int bits) {
    return (count * bits + 7) / 8;
}

// Two's complement numbers; each must fit into `bits` bits (2..32).
std::vector<uint8_t> pack_signed(std::span<const int32_t> numbers, int bits);
// packed must hold packed_size_bytes(count, bits) bytes; the caller has checked it.
std::vector<int32_t> unpack_signed(std::span<const uint8_t> packed, uint64_t count, int bits);
// The same for up to 8 bits, straight into bytes: what weights are read with.
void unpack_signed(std::span<const uint8_t> packed, std::span<int8_t> numbers, int bits);

// The fewest bits (2..32) into which every number fits.
int signed_bits_needed(std::span<const int32_t> numbers);

}  // namespace quantface
