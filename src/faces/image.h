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

// JPEG, PNG, BMP, WebP, PGM and PPM; grey, transparent and 16-bit images become 8-bit RGB. JPEG and PNG
// files are turned as their EXIF orientation says (all eight); OpenCV's WebP decoder does not look at EXIF,
// so a WebP comes as stored. Throws Error(kBadInput) with `name` in it where the bytes are no such image, are
// cut or damaged, or hold more than 64 megapixels. Damage inside a JPEG's data that its decoder can bridge is
// not an error; libjpeg, inside OpenCV, then writes one line to stderr that cannot be switched off.
Image decode_image(std::span<const uint8_t> bytes, const std::string& name);
Image read_image(const std::filesystem::path& path);

// Rows from the top, red, green, blue, opacity.
struct RgbaImage {
    int height = 0, width = 0;  // pixels
    std::vector<uint8_t> rgba;  // height * width * 4 bytes
};

// The same for pictures with transparency; opaque where the file has none.
RgbaImage decode_rgba_image(std::span<const uint8_t> bytes, const std::string& name);
std::vector<uint8_t> encode_png(const Image& image);
// quality: 1 to 100.
std::vector<uint8_t> encode_jpeg(const Image& image, int quality);

Image mirrored(const Image& image);
// Area interpolation when shrinking, bilinear when growing.
Image resized(const Image& image, int height, int width);

}  // namespace quantface
