#include "formats/qfm_container.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "base/byte_reader.h"
#include "base/crc32c.h"
#include "formats/qfm.h"

namespace quantface {

namespace {
// 0x1a ends a text file for DOS programs, and no text holds it.
constexpr std::array<uint8_t, 4> kMagic{'Q', 'F', 'M', 0x1a};
}  // namespace

bool looks_like_qfm(std::span<const uint8_t> bytes) {
    return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

namespace qfm {

static_assert(std::endian::native == std::endian::little,
              "numbers are copied from and to little-endian files");

namespace {

constexpr size_t kTableStart = 12;
constexpr size_t kTableEntryBytes = 28;
constexpr size_t kChecksumBytes = 4;

constexpr size_t header_size(size_t section_count) {
    return kTableStart + section_count * kTableEntryBytes + kChecksumBytes;
}

template <typename T>
void append(std::vector<uint8_t>& bytes, T number) {
    bytes.resize(bytes.size() + sizeof(T));
    std::memcpy(bytes.data() + bytes.size() - sizeof(T), &number, sizeof(T));
}

bool is_known(uint32_t kind) {
    return kind >= static_cast<uint32_t>(SectionKind::kStructure) &&
           kind <= static_cast<uint32_t>(SectionKind::kRecord);
}

// Magic, version and count, none of which the checksum may be trusted for before they are sane themselves.
uint32_t read_section_count(ByteReader& reader, std::span<const uint8_t> bytes,
                            const std::string& file_name) {
    if (!looks_like_qfm(bytes)) fail_bad_input(file_name + ": not a .qfm model file");
    reader.take(kMagic.size());
    const auto version = reader.read<uint32_t>();
    if (version > kQfmVersion) {
        fail_bad_input(file_name + ": made by a newer version (format " + std::to_string(version) +
                       ", this program reads up to " + std::to_string(kQfmVersion) + "); update quantface");
    }
    if (version == 0) fail_bad_input(file_name + ": damaged: format 0 does not exist");
    const auto count = reader.read<uint32_t>();
    if (count == 0 || count > kMaxSections) fail_bad_input(file_name + ": damaged: impossible section count");
    return count;
}

Section read_section(ByteReader& reader, std::span<const uint8_t> bytes, uint64_t expected_offset,
                     const std::string& file_name) {
    Section section;
    section.kind = reader.read<uint32_t>();
    section.flags = reader.read<uint32_t>();
    const auto offset = reader.read<uint64_t>();
    const auto length = reader.read<uint64_t>();
    const auto checksum = reader.read<uint32_t>();
    const std::string name = "section " + std::to_string(section.kind);
    if (offset != expected_offset) fail_bad_input(file_name + ": damaged: " + name + " is not in its place");
    if (offset > bytes.size() || length > bytes.size() - offset) {
        fail_bad_input(file_name + ": truncated: " + name + " of " + std::to_string(length) + " bytes at " +
                       std::to_string(offset) + " passes the end");
    }
    section.bytes = bytes.subspan(offset, length);
    if (crc32c(section.bytes) != checksum) {
        fail_bad_input(file_name + ": damaged: the checksum of " + name +
                       " is wrong; copy or make the file anew");
    }
    const bool optional = (section.flags & kOptionalFlag) != 0;
    const bool understood = is_known(section.kind) && (section.flags & ~kOptionalFlag) == 0;
    if (!understood && !optional) {
        fail_bad_input(file_name + ": needs " + name +
                       ", which this program does not know; update quantface");
    }
    return section;
}

}  // namespace

std::vector<uint8_t> write_container(uint32_t version, std::span<const Section> sections) {
    QF_CHECK(!sections.empty() && sections.size() <= kMaxSections);
    std::vector<uint8_t> bytes(kMagic.begin(), kMagic.end());
    append(bytes, version);
    append(bytes, static_cast<uint32_t>(sections.size()));
    uint64_t offset = header_size(sections.size());
    for (const Section& section : sections) {
        append(bytes, section.kind);
        append(bytes, section.flags);
        append(bytes, offset);
        append(bytes, static_cast<uint64_t>(section.bytes.size()));
        append(bytes, crc32c(section.bytes));
        offset += section.bytes.size();
    }
    append(bytes, crc32c(bytes));
    bytes.reserve(offset);
    for (const Section& section : sections) {
        bytes.insert(bytes.end(), section.bytes.begin(), section.bytes.end());
    }
    return bytes;
}

std::span<const uint8_t> Container::find(SectionKind kind) const {
    for (const Section& section : sections) {
        if (section.kind == static_cast<uint32_t>(kind)) return section.bytes;
    }
    return {};
}

bool Container::has(SectionKind kind) const {
    return std::any_of(sections.begin(), sections.end(), [kind](const Section& section) {
        return section.kind == static_cast<uint32_t>(kind);
    });
}

Container read_container(std::span<const uint8_t> bytes, const std::string& file_name) {
    ByteReader reader(bytes, file_name);
    const uint32_t count = read_section_count(reader, bytes, file_name);
    Container container;
    std::memcpy(&container.version, bytes.data() + kMagic.size(), sizeof(container.version));
    container.header_bytes = header_size(count);
    ByteReader whole_header(bytes, file_name);
    const auto checked = whole_header.take(container.header_bytes - kChecksumBytes);
    if (crc32c(checked) != whole_header.read<uint32_t>()) {
        fail_bad_input(file_name +
                       ": damaged: the checksum of the section table is wrong; copy or make the file anew");
    }
    uint64_t offset = container.header_bytes;
    for (uint32_t index = 0; index < count; ++index) {
        const Section section = read_section(reader, bytes, offset, file_name);
        offset += section.bytes.size();
        if (is_known(section.kind) && container.has(static_cast<SectionKind>(section.kind))) {
            fail_bad_input(file_name + ": damaged: section " + std::to_string(section.kind) + " comes twice");
        }
        container.sections.push_back(section);
    }
    if (offset != bytes.size()) {
        fail_bad_input(file_name + ": damaged: " + std::to_string(bytes.size() - offset) + " bytes too many");
    }
    if (!container.has(SectionKind::kStructure) || !container.has(SectionKind::kParameters)) {
        fail_bad_input(file_name + ": damaged: a section is missing");
    }
    return container;
}

}  // namespace qfm
}  // namespace quantface
