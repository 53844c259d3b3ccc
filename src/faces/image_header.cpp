#include "faces/image_header.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/error.h"

namespace quantface {

namespace {

using Bytes = std::span<const uint8_t>;
using MaybeHeader = std::optional<ImageHeader>;

// Sizes beyond this are refused here: no format in use needs more, and products of two stay far from
// overflow.
constexpr int64_t kMaxSide = 1 << 24;

bool has_text_at(Bytes bytes, size_t offset, std::string_view text) {
    return bytes.size() >= offset + text.size() &&
           std::equal(text.begin(), text.end(), bytes.begin() + static_cast<ptrdiff_t>(offset),
                      [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

uint32_t little_endian(Bytes bytes, size_t offset, int count) {
    uint32_t value = 0;
    for (int i = count - 1; i >= 0; --i) value = (value << 8) | bytes[offset + static_cast<size_t>(i)];
    return value;
}

uint32_t big_endian(Bytes bytes, size_t offset, int count) {
    uint32_t value = 0;
    for (int i = 0; i < count; ++i) value = (value << 8) | bytes[offset + static_cast<size_t>(i)];
    return value;
}

bool has_end_marker(Bytes scan) {
    constexpr uint8_t kEndOfImage[] = {0xff, 0xd9};
    return std::find_end(scan.begin(), scan.end(), std::begin(kEndOfImage), std::end(kEndOfImage)) !=
           scan.end();
}

// Start-of-frame markers: C0 to CF without C4 (Huffman tables), C8 (reserved), CC (arithmetic conditioning).
bool is_start_of_frame(uint8_t marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

// ITU-T T.81, annex B: segments from the start of the image to the first scan.
MaybeHeader read_jpeg(Bytes bytes) {
    MaybeHeader header;
    size_t at = 2;
    while (at + 4 <= bytes.size()) {
        if (bytes[at] != 0xff) return std::nullopt;
        const uint8_t marker = bytes[at + 1];
        if (marker == 0xff) {  // fill byte
            ++at;
            continue;
        }
        const size_t length = big_endian(bytes, at + 2, 2);
        if (length < 2 || length > bytes.size() - at - 2) return std::nullopt;
        if (is_start_of_frame(marker)) {
            if (length < 8 || header) return std::nullopt;
            header =
                ImageHeader{ImageFormat::kJpeg, big_endian(bytes, at + 5, 2), big_endian(bytes, at + 7, 2)};
        }
        at += 2 + length;
        if (marker == 0xda) {  // start of scan
            return header && has_end_marker(bytes.subspan(at)) ? header : std::nullopt;
        }
    }
    return std::nullopt;
}

// PNG specification (ISO/IEC 15948), 11.2.2: IHDR comes first.
MaybeHeader read_png(Bytes bytes) {
    if (bytes.size() < 33 || !has_text_at(bytes, 12, "IHDR")) return std::nullopt;
    return ImageHeader{ImageFormat::kPng, big_endian(bytes, 20, 4), big_endian(bytes, 16, 4)};
}

// Whether `rows` rows, each of `row_bits` bits padded to whole units, are there from an offset on.
bool holds_rows(Bytes bytes, size_t offset, int64_t rows, int64_t row_bits, int64_t unit_bits) {
    const int64_t row_bytes = (row_bits + unit_bits - 1) / unit_bits * (unit_bits / 8);
    return offset <= bytes.size() &&
           rows <= static_cast<int64_t>(bytes.size() - offset) / std::max<int64_t>(row_bytes, 1);
}

// BITMAPCOREHEADER (12 bytes, 16-bit sizes) or BITMAPINFOHEADER and later; a negative height means rows from
// the top. Run-length compression is not read: no camera or tool of today writes it.
MaybeHeader read_bmp(Bytes bytes) {
    if (bytes.size() < 34) return std::nullopt;
    ImageHeader header{ImageFormat::kBmp, 0, 0};
    uint32_t bits = 0, compression = 0;
    if (little_endian(bytes, 14, 4) == 12) {
        header.width = little_endian(bytes, 18, 2);
        header.height = little_endian(bytes, 20, 2);
        bits = little_endian(bytes, 24, 2);
    } else {
        header.width = static_cast<int32_t>(little_endian(bytes, 18, 4));
        const int64_t height = static_cast<int32_t>(little_endian(bytes, 22, 4));
        header.height = height < 0 ? -height : height;
        bits = little_endian(bytes, 28, 2);
        compression = little_endian(bytes, 30, 4);
    }
    const bool plain = compression == 0 || compression == 3;  // BI_RGB, BI_BITFIELDS
    if (!plain || bits > 32 || header.width < 1 || header.width > kMaxSide || header.height < 1)
        return std::nullopt;
    const bool whole = holds_rows(bytes, little_endian(bytes, 10, 4), header.height, header.width * bits, 32);
    return whole ? MaybeHeader(header) : std::nullopt;
}

// WebP container (RFC 9649): lossy frame, lossless frame or extended header.
MaybeHeader read_webp(Bytes bytes) {
    // The size in the container tells whether the file is whole.
    if (bytes.size() < 32 || little_endian(bytes, 4, 4) > bytes.size() - 8) return std::nullopt;
    if (has_text_at(bytes, 12, "VP8 ")) {
        return ImageHeader{ImageFormat::kWebp, little_endian(bytes, 28, 2) & 0x3fff,
                           little_endian(bytes, 26, 2) & 0x3fff};
    }
    if (has_text_at(bytes, 12, "VP8L")) {
        const uint32_t packed = little_endian(bytes, 21, 4);
        return ImageHeader{ImageFormat::kWebp, ((packed >> 14) & 0x3fff) + 1, (packed & 0x3fff) + 1};
    }
    if (has_text_at(bytes, 12, "VP8X")) {
        return ImageHeader{ImageFormat::kWebp, int64_t{little_endian(bytes, 27, 3)} + 1,
                           int64_t{little_endian(bytes, 24, 3)} + 1};
    }
    return std::nullopt;
}

// A decimal number of the header of a PGM or PPM file, after blanks and comments.
std::optional<int64_t> read_pnm_number(Bytes bytes, size_t& at) {
    auto is_blank = [](uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (at < bytes.size() && (is_blank(bytes[at]) || bytes[at] == '#')) {
        if (bytes[at] == '#') {
            while (at < bytes.size() && bytes[at] != '\n') ++at;
        } else {
            ++at;
        }
    }
    int64_t value = 0;
    const size_t start = at;
    for (; at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9'; ++at) {
        value = value * 10 + (bytes[at] - '0');
        if (value > kMaxSide) return std::nullopt;
    }
    if (at == start || at == bytes.size() || !is_blank(bytes[at])) return std::nullopt;
    return value;
}

MaybeHeader read_pnm(Bytes bytes) {
    size_t at = 2;
    const auto width = read_pnm_number(bytes, at);
    const auto height = width ? read_pnm_number(bytes, at) : std::nullopt;
    const auto highest = height ? read_pnm_number(bytes, at) : std::nullopt;
    if (!highest || *highest < 1 || *highest > 65535) return std::nullopt;
    const int64_t pixel_bits = (bytes[1] == '6' ? 3 : 1) * (*highest > 255 ? 16 : 8);
    // One blank stands between the header and the pixels.
    if (!holds_rows(bytes, at + 1, *height, *width * pixel_bits, 8)) return std::nullopt;
    return ImageHeader{ImageFormat::kPnm, *height, *width};
}

struct FormatRow {
    const char* name;
    bool (*matches)(Bytes);
    MaybeHeader (*read)(Bytes);
};

constexpr FormatRow kFormats[] = {
    {"JPEG", [](Bytes b) { return has_text_at(b, 0, "\xff\xd8\xff"); }, read_jpeg},
    {"PNG", [](Bytes b) { return has_text_at(b, 0, "\x89PNG\r\n\x1a\n"); }, read_png},
    {"BMP", [](Bytes b) { return has_text_at(b, 0, "BM"); }, read_bmp},
    {"WebP", [](Bytes b) { return has_text_at(b, 0, "RIFF") && has_text_at(b, 8, "WEBP"); }, read_webp},
    {"PGM/PPM", [](Bytes b) { return has_text_at(b, 0, "P5") || has_text_at(b, 0, "P6"); }, read_pnm},
};

}  // namespace

ImageHeader read_image_header(std::span<const uint8_t> bytes, const std::string& name) {
    for (const auto& format : kFormats) {
        if (!format.matches(bytes)) continue;
        const MaybeHeader header = format.read(bytes);
        if (!header || header->height < 1 || header->width < 1 || header->height > kMaxSide ||
            header->width > kMaxSide) {
            fail_bad_input(name + ": broken or truncated " + format.name + " image");
        }
        return *header;
    }
    fail_bad_input(name + ": not an image (JPEG, PNG, BMP, WebP, PGM and PPM are read)");
}

}  // namespace quantface
