// The outer layer of a .qfm (layout in qfm.h): sections with checksums, whatever is in them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quantface::qfm {

enum class SectionKind : uint32_t { kStructure = 1, kParameters = 2, kRecord = 3 };

constexpr uint32_t kOptionalFlag = 1;
constexpr uint32_t kMaxSections = 64;
// The first version whose convolutions may have asymmetric weights and fraction bits in their biases.
constexpr uint32_t kRicherConvolutionsVersion = 2;

struct Section {
    uint32_t kind = 0;
    uint32_t flags = 0;
    std::span<const uint8_t> bytes;
};

// Lays the sections out in the order given.
std::vector<uint8_t> write_container(uint32_t version, std::span<const Section> sections);

struct Container {
    uint32_t version = 0;
    uint64_t header_bytes = 0;
    std::vector<Section> sections;  // views into the file's bytes; every checksum was right

    // The section's bytes; empty where the file has none.
    std::span<const uint8_t> find(SectionKind kind) const;
    bool has(SectionKind kind) const;
};

// Throws Error(kBadInput) that begins with file_name for anything that is not a whole, undamaged container of
// a version that this program reads, with sections that it knows or may pass over.
Container read_container(std::span<const uint8_t> bytes, const std::string& file_name);

}  // namespace quantface::qfm
