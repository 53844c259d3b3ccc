// NumPy's array file (.npy, format 1.0), for float32 matrices.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace quantface {

// The whole file: header (magic, version, length, a Python dictionary padded so that the numbers begin at a
// multiple of 64 bytes), then rows * columns little-endian numbers, row by row. values.size() must be rows *
// columns.
std::vector<uint8_t> encode_npy(std::span<const float> values, int64_t rows, int64_t columns);

// Throws Error(kFailed) where the disk refuses; the file appears whole or not at all.
void write_npy(const std::filesystem::path& path, std::span<const float> values, int64_t rows,
               int64_t columns);

}  // namespace quantface
