#include "formats/npy.h"

#include <bit>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace quantface {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie in memory");

std::vector<uint8_t> encode_npy(std::span<const float> values, int64_t rows, int64_t columns) {
    QF_CHECK(rows >= 0 && columns >= 0 && static_cast<int64_t>(values.size()) == rows * columns);
    constexpr size_t kPreambleBytes = 10;  // magic, version, 16-bit header length
    constexpr size_t kAlignment = 64;
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                         std::to_string(columns) + "), }";
    const size_t unpadded = kPreambleBytes + header.size() + 1;
    header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
    header += '\n';

    std::vector<uint8_t> bytes = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    bytes.push_back(static_cast<uint8_t>(header.size() & 0xff));
    bytes.push_back(static_cast<uint8_t>(header.size() >> 8));
    bytes.insert(bytes.end(), header.begin(), header.end());
    const size_t header_end = bytes.size();
    bytes.resize(header_end + values.size_bytes());
    if (!values.empty()) std::memcpy(bytes.data() + header_end, values.data(), values.size_bytes());
    return bytes;
}

void write_npy(const std::filesystem::path& path, std::span<const float> values, int64_t rows,
               int64_t columns) {
    write_file_atomically(path, encode_npy(values, rows, columns));
}

}  // namespace quantface
