// CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), the checksum of each section of a .qfm file.
#pragma once

#include <cstdint>
#include <span>

#include "base/cpu_features.h"

namespace quantface {

// With the fastest way that this CPU has.
uint32_t crc32c(std::span<const uint8_t> bytes);

// A way of computing it. All give the same.
struct Crc32cKernel {
    const char* name;
    CpuFeatures needs;
    // The shift register after `bytes`; crc32c is ~update(~0, bytes).
    uint32_t (*update)(uint32_t state, std::span<const uint8_t> bytes);
};

// Slowest first; the first is the reference, byte by byte.
std::span<const Crc32cKernel> crc32c_kernels();

// In files of their own, as they are compiled for an instruction set.
uint32_t update_crc32c_sse42(uint32_t state, std::span<const uint8_t> bytes);
uint32_t update_crc32c_armv8(uint32_t state, std::span<const uint8_t> bytes);

}  // namespace quantface
