// SHA-256: which teacher a .qfm was made from, which data a figure was measured on.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace quantface {

// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::span<const uint8_t> bytes);
std::string sha256_hex_of_text(std::string_view text);

}  // namespace quantface
