// Size and format of an encoded image, read from its header alone.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace quantface {

enum class ImageFormat { kJpeg, kPng, kBmp, kWebp, kPnm };

struct ImageHeader {
    ImageFormat format = ImageFormat::kJpeg;
    int64_t height = 0,
            width = 0;  // pixels as stored, before any rotation that metadata asks for; at least 1
};

// Looked at before a decoder allocates anything. Only formats known here reach a decoder at all.
// Throws Error(kBadInput) with `name` in it where the bytes are none of the formats, or the header is broken,
// or it is plain that the file is cut: a JPEG without its end marker, for one, because decoders fill what is
// missing with invented pixels.
ImageHeader read_image_header(std::span<const uint8_t> bytes, const std::string& name);

}  // namespace quantface
