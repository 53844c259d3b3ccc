// The chunks of a PNG file (ISO/IEC 15948, clause 5), checked and filtered before a decoder sees them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quantface {

// The same PNG image with only the chunks that make its pixels and its orientation: IHDR, PLTE, tRNS, IDAT,
// eXIf, IEND. Nothing where the chunks are cut or a checksum is wrong. Why: libpng reports what it finds odd
// in the other chunks (colour profiles of common programs among it), and every broken file, on stderr, where
// no caller can catch it.
std::optional<std::vector<uint8_t>> essential_png(std::span<const uint8_t> bytes);

}  // namespace quantface
