#include "base/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

namespace quantface {

namespace {

// tables[n][byte]: what a byte does to the register after n more bytes. The first is the usual table.
using Tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr Tables make_tables() {
    Tables tables{};
    for (uint32_t index = 0; index < 256; ++index) {
        uint32_t value = index;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0x82f63b78u : 0u);
        tables[0][index] = value;
    }
    for (size_t later = 1; later < tables.size(); ++later) {
        for (size_t index = 0; index < 256; ++index) {
            const uint32_t value = tables[later - 1][index];
            tables[later][index] = (value >> 8) ^ tables[0][value & 0xff];
        }
    }
    return tables;
}
constexpr Tables kTables = make_tables();

uint32_t update_by_bytes(uint32_t state, std::span<const uint8_t> bytes) {
    for (const uint8_t byte : bytes) state = (state >> 8) ^ kTables[0][(state ^ byte) & 0xff];
    return state;
}

// Eight bytes at a time (Kounavis and Berry 2005, "slicing-by-8").
uint32_t update_by_tables(uint32_t state, std::span<const uint8_t> bytes) {
    static_assert(std::endian::native == std::endian::little);
    while (bytes.size() >= 8) {
        uint64_t word;
        std::memcpy(&word, bytes.data(), 8);
        word ^= state;
        state = 0;
        for (size_t byte = 0; byte < 8; ++byte) state ^= kTables[7 - byte][(word >> (8 * byte)) & 0xff];
        bytes = bytes.subspan(8);
    }
    return update_by_bytes(state, bytes);
}

constexpr Crc32cKernel kKernels[] = {
    {"bytes", 0, update_by_bytes},
    {"tables", 0, update_by_tables},
#if defined(__x86_64__)
    {"sse4.2", kCpuSse42, update_crc32c_sse42},
#elif defined(__aarch64__)
    {"armv8", kCpuArmCrc32, update_crc32c_armv8},
#endif
};

const Crc32cKernel& best_kernel() {
    const Crc32cKernel* best = kKernels;
    for (const Crc32cKernel& kernel : kKernels) {
        if ((kernel.needs & ~cpu_features()) == 0) best = &kernel;
    }
    return *best;
}

}  // namespace

std::span<const Crc32cKernel> crc32c_kernels() {
    return kKernels;
}

uint32_t crc32c(std::span<const uint8_t> bytes) {
    static const Crc32cKernel& kernel = best_kernel();
    return ~kernel.update(0xffffffffu, bytes);
}

}  // namespace quantface
