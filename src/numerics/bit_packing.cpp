#include "numerics/bit_packing.h"

#include "base/error.h"

namespace quantface {

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

int signed_bits_needed(std::span<const int32_t> numbers) {
    int bits = 2;
    for (const int32_t number : numbers) {
        while (bits < 32 && (number < -(int64_t{1} << (bits - 1)) || number >= (int64_t{1} << (bits - 1))))
            ++bits;
    }
    return bits;
}

}  // namespace quantface
