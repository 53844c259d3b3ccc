// CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), the checksum of each section of a .qfm file.
#pragma once

#include <cstdint>
#include <span>

namespace quantface {

uint32_t crc32c(std::span<const uint8_t> bytes);

}  // namespace quantface
