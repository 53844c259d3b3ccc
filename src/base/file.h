// Whole-file reading, and writing that leaves a whole file or none.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace quantface {

// Throws Error(kBadInput) where the file is missing, not a plain file or larger than max_bytes.
uint64_t size_of_plain_file(const std::filesystem::path& path, uint64_t max_bytes);

// The file's bytes. Throws Error(kBadInput) as above, and where the file cannot be read.
std::vector<uint8_t> read_file(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{4} << 30);

// Writes beside the target, flushes and renames: readers see the old file or the whole new one.
// Throws Error(kFailed) where the disk refuses.
void write_file_atomically(const std::filesystem::path& path, std::span<const uint8_t> bytes);
void write_file_atomically(const std::filesystem::path& path, const std::string& text);

}  // namespace quantface
