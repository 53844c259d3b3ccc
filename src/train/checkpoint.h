// A training run's state on disk: named arrays of float32 and a JSON document, checked as a whole.
//
// File: "QFCK", format (u32), length of the JSON (u64), the JSON, the arrays one after the other, CRC-32C of
// all before (u32); little-endian. The JSON has the arrays' names and lengths under "arrays" beside what the
// caller gave.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace quantface {

struct Checkpoint {
    std::string record;                                              // a JSON object; "arrays" is reserved
    std::vector<std::pair<std::string, std::vector<float>>> arrays;  // unique names

    // The array of that name. Throws Error(kBadInput) naming `file` where there is none of that length.
    const std::vector<float>& array(const std::string& name, size_t length, const std::string& file) const;
};

// Appears whole or not at all. Throws Error(kFailed) where the disk refuses.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

// Throws Error(kBadInput), one line, where the file is missing, damaged, cut or of another format.
Checkpoint read_checkpoint(const std::filesystem::path& path);

}  // namespace quantface
