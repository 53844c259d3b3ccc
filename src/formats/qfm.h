// The .qfm model file: an integer network in as few bytes as it needs.
//
//   magic "QFM\x1a", version u32, section count u32
//   section table: for each section kind u32, flags u32, offset u64, length u64, CRC-32C u32
//   CRC-32C u32 of everything before it
//   the sections, without gaps, to the end of the file
//
// All numbers little-endian. Sections: 1 "structure" (FlatBuffers, qfm.fbs), 2 "parameters" (packed numbers,
// qfm_parameters.h), 3 "record" (JSON text, absent if empty). A reader passes over sections that it does not
// know if their flag bit 0 (optional) is set. Same model, same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "graph/integer_model.h"

namespace quantface {

// The newest version that this program reads. A model is written as the oldest version that can hold it:
// 1; 2 where weights are asymmetric or a bias has fraction bits.
constexpr uint32_t kQfmVersion = 2;

// Bytes of a .qfm by what they hold; they add up to `total`. Packed weights are a part of `parameters`
// (packed_weight_bytes in graph/integer_model.h).
struct QfmSizes {
    uint32_t version = 0;
    uint64_t header = 0;  // magic to checksum of the table
    uint64_t structure = 0;
    uint64_t parameters = 0;
    uint64_t record = 0;
    uint64_t other = 0;  // optional sections that this program does not know
    uint64_t total = 0;
};

// The model must pass validate(); throws its error otherwise.
std::vector<uint8_t> encode_qfm(const IntegerModel& model);

// A model that passed validate(). Throws Error(kBadInput), one line that begins with file_name, where the
// bytes are truncated, damaged (every section and the table have a checksum), hostile or of a newer version.
// Memory stays proportional to the bytes.
IntegerModel decode_qfm(std::span<const uint8_t> bytes, const std::string& file_name);

// Checks table and checksums only; throws as decode_qfm does.
QfmSizes measure_qfm(std::span<const uint8_t> bytes, const std::string& file_name);

// Whether the bytes (of which 4 suffice) begin as a .qfm does, of whatever version.
bool looks_like_qfm(std::span<const uint8_t> bytes);

// Appears whole or not at all. Throws Error(kFailed) where the disk refuses.
void write_qfm(const std::filesystem::path& path, const IntegerModel& model);
IntegerModel read_qfm(const std::filesystem::path& path);

}  // namespace quantface
