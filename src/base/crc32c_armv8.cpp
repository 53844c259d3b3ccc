#include <arm_acle.h>

#include <cstring>

#include "base/crc32c.h"

namespace quantface {

uint32_t update_crc32c_armv8(uint32_t state, std::span<const uint8_t> bytes) {
    while (bytes.size() >= 8) {
        uint64_t word;
        std::memcpy(&word, bytes.data(), 8);
        state = __crc32cd(state, word);
        bytes = bytes.subspan(8);
    }
    for (const uint8_t byte : bytes) state = __crc32cb(state, byte);
    return state;
}

}  // namespace quantface
