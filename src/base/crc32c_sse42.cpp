#include <immintrin.h>

#include <cstring>

#include "base/crc32c.h"

namespace quantface {

uint32_t update_crc32c_sse42(uint32_t state, std::span<const uint8_t> bytes) {
    uint64_t wide_state = state;
    while (bytes.size() >= 8) {
        uint64_t word;
        std::memcpy(&word, bytes.data(), 8);
        wide_state = _mm_crc32_u64(wide_state, word);
        bytes = bytes.subspan(8);
    }
    state = static_cast<uint32_t>(wide_state);
    for (const uint8_t byte : bytes) state = _mm_crc32_u8(state, byte);
    return state;
}

}  // namespace quantface
