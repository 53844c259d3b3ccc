#include "faces/png_chunks.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace quantface {

namespace {

constexpr size_t kSignatureBytes = 8;
constexpr size_t kChunkOverhead = 12;  // length, type, checksum
constexpr std::array<std::string_view, 6> kEssential = {"IHDR", "PLTE", "tRNS", "IDAT", "eXIf", "IEND"};

constexpr std::array<uint32_t, 256> make_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t index = 0; index < 256; ++index) {
        uint32_t value = index;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0xedb88320u : 0u);
        table[index] = value;
    }
    return table;
}
constexpr auto kTable = make_table();

// CRC-32 of ISO 3309, over type and data.
uint32_t checksum(std::span<const uint8_t> bytes) {
    uint32_t crc = 0xffffffffu;
    for (const uint8_t byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ byte) & 0xff];
    return ~crc;
}

uint32_t big_endian(std::span<const uint8_t> bytes) {
    return (uint32_t{bytes[0]} << 24) | (uint32_t{bytes[1]} << 16) | (uint32_t{bytes[2]} << 8) | bytes[3];
}

}  // namespace

std::optional<std::vector<uint8_t>> essential_png(std::span<const uint8_t> bytes) {
    if (bytes.size() < kSignatureBytes) return std::nullopt;
    std::vector<uint8_t> kept(bytes.begin(), bytes.begin() + kSignatureBytes);
    kept.reserve(bytes.size());
    auto rest = bytes.subspan(kSignatureBytes);
    while (rest.size() >= kChunkOverhead) {
        const size_t length = big_endian(rest);
        if (length > rest.size() - kChunkOverhead) return std::nullopt;
        const auto type_and_data = rest.subspan(4, 4 + length);
        if (checksum(type_and_data) != big_endian(rest.subspan(8 + length))) return std::nullopt;
        const std::string_view type(reinterpret_cast<const char*>(type_and_data.data()), 4);
        if (std::find(kEssential.begin(), kEssential.end(), type) != kEssential.end()) {
            const auto chunk = rest.first(kChunkOverhead + length);
            kept.insert(kept.end(), chunk.begin(), chunk.end());
        }
        if (type == "IEND") return kept;
        rest = rest.subspan(kChunkOverhead + length);
    }
    return std::nullopt;
}

}  // namespace quantface
