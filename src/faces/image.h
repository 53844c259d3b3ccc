// 8-bit RGB images: decoding and encoding of the usual file formats.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace quantface {

// Rows from the top, RGB, no padding between rows.
struct Image {
    int height = 0, width = 0;  // pixels
    std::vector<uint8_t> rgb;   // height * width * 3 bytes
};

// JPEG, PNG, BMP, WebP, ... Throws Error(kBadInput) with `name` in it where the bytes are no image, or one larger than
// 64 megapixels.
Image decode_image(std::span<const uint8_t> bytes, const std::string& name);
Image read_image(const std::filesystem::path& path);
std::vector<uint8_t> encode_png(const Image& image);

Image mirrored(const Image& image);
// Area interpolation when shrinking, bilinear when growing.
Image resized(const Image& image, int height, int width);

}  // namespace quantface
