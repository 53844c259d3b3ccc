#include "faces/image.h"

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "faces/image_header.h"
#include "faces/png_chunks.h"

namespace quantface {

namespace {

constexpr int64_t kMaxPixels = int64_t{64} << 20;

// OpenCV reports odd images on stderr; what matters of it reaches the caller as an Error.
void silence_opencv() {
    static const bool silenced = [] {
        cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
        return true;
    }();
    static_cast<void>(silenced);
}

// OpenCV's messages span lines; ours do not.
std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

void check_image(const Image& image) {
    QF_CHECK(image.height > 0 && image.width > 0);
    QF_CHECK(image.rgb.size() == static_cast<size_t>(image.height) * static_cast<size_t>(image.width) * 3);
}

// A view of the image's pixels; OpenCV's functions that read from it leave them alone.
cv::Mat view_of(const Image& image) {
    return {image.height, image.width, CV_8UC3, const_cast<uint8_t*>(image.rgb.data())};
}

Image blank_image(int height, int width) {
    return {height, width,
            std::vector<uint8_t>(static_cast<size_t>(height) * static_cast<size_t>(width) * 3)};
}

cv::Mat decode_mat(std::span<const uint8_t> bytes, const std::string& name, int mode) {
    try {
        const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<uint8_t*>(bytes.data()));
        return cv::imdecode(encoded, mode);
    } catch (const cv::Exception& error) {
        fail_bad_input(name + ": cannot be decoded: " + first_line(error.err));
    }
}

}  // namespace

namespace {

// mode: of cv::imdecode.
cv::Mat decode_checked(std::span<const uint8_t> bytes, const std::string& name, int mode) {
    silence_opencv();
    const ImageHeader header = read_image_header(bytes, name);
    if (header.height * header.width > kMaxPixels) {
        fail_bad_input(name + ": image of " + std::to_string(header.width) + " x " +
                       std::to_string(header.height) + " pixels, more than the 64 megapixels allowed");
    }
    if (bytes.size() > static_cast<size_t>(INT32_MAX)) fail_bad_input(name + ": image file over 2 GB");
    std::optional<std::vector<uint8_t>> png;
    if (header.format == ImageFormat::kPng) {
        png = essential_png(bytes);
        if (!png) fail_bad_input(name + ": broken or truncated PNG image");
    }
    const cv::Mat decoded = decode_mat(png ? std::span<const uint8_t>(*png) : bytes, name, mode);
    if (decoded.empty()) fail_bad_input(name + ": broken or truncated image");
    // Metadata may turn a photo by 90 degrees. Anything else means that header and decoder disagree.
    const bool upright = decoded.rows == header.height && decoded.cols == header.width;
    const bool turned = decoded.rows == header.width && decoded.cols == header.height;
    if (!(upright || turned)) fail_bad_input(name + ": image contradicts its header");
    return decoded;
}

}  // namespace

Image decode_image(std::span<const uint8_t> bytes, const std::string& name) {
    const cv::Mat bgr = decode_checked(bytes, name, cv::IMREAD_COLOR);
    if (bgr.type() != CV_8UC3) fail_bad_input(name + ": image contradicts its header");
    Image image = blank_image(bgr.rows, bgr.cols);
    cv::Mat rgb = view_of(image);
    cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    QF_CHECK(rgb.data == image.rgb.data());
    return image;
}

RgbaImage decode_rgba_image(std::span<const uint8_t> bytes, const std::string& name) {
    const cv::Mat bgra = decode_checked(bytes, name, cv::IMREAD_UNCHANGED);
    if (bgra.type() != CV_8UC4) {
        const Image opaque = decode_image(bytes, name);
        RgbaImage image{opaque.height, opaque.width, {}};
        for (size_t i = 0; i < opaque.rgb.size(); i += 3) {
            const uint8_t* p = &opaque.rgb[i];
            image.rgba.insert(image.rgba.end(), {p[0], p[1], p[2], 255});
        }
        return image;
    }
    RgbaImage image{bgra.rows, bgra.cols, std::vector<uint8_t>(bgra.total() * 4)};
    cv::Mat rgba(bgra.rows, bgra.cols, CV_8UC4, image.rgba.data());
    cv::cvtColor(bgra, rgba, cv::COLOR_BGRA2RGBA);
    QF_CHECK(rgba.data == image.rgba.data());
    return image;
}

Image read_image(const std::filesystem::path& path) {
    return decode_image(read_file(path, uint64_t{1} << 30), path.string());
}

namespace {

// extension: ".png" or ".jpg", which chooses the format.
std::vector<uint8_t> encoded(const Image& image, const char* extension, const std::vector<int>& parameters) {
    silence_opencv();
    check_image(image);
    cv::Mat bgr;
    cv::cvtColor(view_of(image), bgr, cv::COLOR_RGB2BGR);
    std::vector<uint8_t> bytes;
    bool written = false;
    try {
        written = cv::imencode(extension, bgr, bytes, parameters);
    } catch (const cv::Exception& error) {
        fail_work(std::string("cannot encode a ") + extension + " image: " + first_line(error.err));
    }
    if (!written) fail_work(std::string("cannot encode a ") + extension + " image");
    return bytes;
}

}  // namespace

std::vector<uint8_t> encode_png(const Image& image) {
    return encoded(image, ".png", {});
}

std::vector<uint8_t> encode_jpeg(const Image& image, int quality) {
    return encoded(image, ".jpg", {cv::IMWRITE_JPEG_QUALITY, quality});
}

Image mirrored(const Image& image) {
    check_image(image);
    Image result = blank_image(image.height, image.width);
    const size_t width = static_cast<size_t>(image.width);
    for (size_t row = 0; row < static_cast<size_t>(image.height); ++row) {
        const uint8_t* from = image.rgb.data() + row * width * 3;
        uint8_t* to = result.rgb.data() + row * width * 3;
        for (size_t column = 0; column < width; ++column) {
            std::copy_n(from + column * 3, 3, to + (width - 1 - column) * 3);
        }
    }
    return result;
}

Image resized(const Image& image, int height, int width) {
    check_image(image);
    QF_CHECK(height > 0 && width > 0);
    if (height == image.height && width == image.width) return image;
    // One axis may shrink while the other grows; each gets its own interpolation, so first shrink, then grow.
    const int shrunk_height = std::min(height, image.height);
    const int shrunk_width = std::min(width, image.width);
    cv::Mat shrunk = view_of(image);
    if (shrunk_height != image.height || shrunk_width != image.width) {
        cv::Mat smaller;
        cv::resize(shrunk, smaller, cv::Size(shrunk_width, shrunk_height), 0, 0, cv::INTER_AREA);
        shrunk = smaller;
    }
    Image result = blank_image(height, width);
    cv::Mat target = view_of(result);
    if (shrunk_height == height && shrunk_width == width) {
        shrunk.copyTo(target);
    } else {
        cv::resize(shrunk, target, cv::Size(width, height), 0, 0, cv::INTER_LINEAR);
    }
    QF_CHECK(target.data == result.rgb.data());
    return result;
}

}  // namespace quantface
