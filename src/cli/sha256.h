// SHA-256 of a file's bytes: which teacher a .qfm was made from.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace quantface {

// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::span<const uint8_t> bytes);

}  // namespace quantface
