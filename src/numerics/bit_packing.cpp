#include "numerics/bit_packing.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"

namespace quantface {

static_assert(std::endian::native == std::endian::little, "numbers are copied from little-endian files");

std::vector<uint8_t> pack_signed(std::span<const int32_t> numbers, int bits) {
    QF_CHECK(bits >= 2 && bits <= 32);
    std::vector<uint8_t> packed(packed_size_bytes(numbers.size(), bits));
    const uint64_t mask = (uint64_t{1} << bits) - 1;
    uint64_t pending = 0;
    int pending_bits = 0;
    size_t position = 0;
    for (const int32_t number : numbers) {
        const int64_t limit = int64_t{1} << (bits - 1);
        QF_CHECK(number >= -limit && number < limit);
        pending |= (static_cast<uint64_t>(static_cast<uint32_t>(number)) & mask) << pending_bits;
        pending_bits += bits;
        while (pending_bits >= 8) {
            packed[position++] = static_cast<uint8_t>(pending);
            pending >>= 8;
            pending_bits -= 8;
        }
    }
    if (pending_bits > 0) packed[position] = static_cast<uint8_t>(pending);
    return packed;
}

std::vector<int32_t> unpack_signed(std::span<const uint8_t> packed, uint64_t count, int bits) {
    QF_CHECK(bits >= 2 && bits <= 32 && packed.size() >= packed_size_bytes(count, bits));
    std::vector<int32_t> numbers(count);
    const uint64_t mask = (uint64_t{1} << bits) - 1;
    const uint64_t sign = uint64_t{1} << (bits - 1);
    uint64_t pending = 0;
    int pending_bits = 0;
    size_t position = 0;
    for (auto& number : numbers) {
        while (pending_bits < bits) {
            pending |= static_cast<uint64_t>(packed[position++]) << pending_bits;
            pending_bits += 8;
        }
        const uint64_t raw = pending & mask;
        pending >>= bits;
        pending_bits -= bits;
        number = static_cast<int32_t>(static_cast<int64_t>(raw ^ sign) - static_cast<int64_t>(sign));
    }
    return numbers;
}

void unpack_signed(std::span<const uint8_t> packed, std::span<int8_t> numbers, int bits) {
    QF_CHECK(bits >= 2 && bits <= 8 && packed.size() >= packed_size_bytes(numbers.size(), bits));
    if (bits == 8) {
        std::copy_n(packed.begin(), numbers.size(), reinterpret_cast<uint8_t*>(numbers.data()));
        return;
    }
    // Eight numbers are `bits` bytes. A number's bits are moved to the top of a byte and back, which copies
    // its sign.
    const int unused_bits = 8 - bits;
    for (size_t start = 0; start < numbers.size(); start += 8) {
        const size_t count = std::min<size_t>(8, numbers.size() - start);
        uint64_t pending = 0;
        std::memcpy(&pending, packed.data() + start / 8 * bits, packed_size_bytes(count, bits));
        for (size_t index = 0; index < count; ++index, pending >>= bits) {
            numbers[start + index] =
                static_cast<int8_t>(static_cast<int8_t>(pending << unused_bits) >> unused_bits);
        }
    }
}

int signed_bits_needed(std::span<const int32_t> numbers) {
    int bits = 2;
    for (const int32_t number : numbers) {
        while (bits < 32 && (number < -(int64_t{1} << (bits - 1)) || number >= (int64_t{1} << (bits - 1))))
            ++bits;
    }
    return bits;
}

}  // namespace quantface
