#include "faces/image.h"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "base/rng.h"
#include "faces/image_header.h"
#include "test_pack.h"

namespace quantface::test {
namespace {

Image random_image(int height, int width) {
    Rng rng(5);
    Image image{height, width, std::vector<uint8_t>(static_cast<size_t>(height * width * 3))};
    for (auto& value : image.rgb) value = static_cast<uint8_t>(rng.below(256));
    return image;
}

std::vector<uint8_t> encode(const char* extension, const cv::Mat& pixels) {
    std::vector<uint8_t> bytes;
    EXPECT_TRUE(cv::imencode(extension, pixels, bytes));
    return bytes;
}

TEST(Image, PngKeepsEveryPixelAndTheOrderOfColours) {
    const Image image = random_image(7, 5);
    const Image back = decode_image(encode_png(image), "x");
    EXPECT_EQ(back.height, 7);
    EXPECT_EQ(back.width, 5);
    EXPECT_EQ(back.rgb, image.rgb);
    // Red first: OpenCV's own order is blue first.
    const Image red = decode_image(encode(".png", cv::Mat(1, 1, CV_8UC3, cv::Scalar(1, 2, 250))), "x");
    EXPECT_EQ(red.rgb, (std::vector<uint8_t>{250, 2, 1}));
}

TEST(Image, EveryFormatIsDecodedAndItsHeaderRead) {
    const cv::Mat pixels(6, 9, CV_8UC3, cv::Scalar(30, 60, 200));
    const std::pair<const char*, ImageFormat> formats[] = {{".jpg", ImageFormat::kJpeg},
                                                           {".png", ImageFormat::kPng},
                                                           {".bmp", ImageFormat::kBmp},
                                                           {".webp", ImageFormat::kWebp},
                                                           {".ppm", ImageFormat::kPnm}};
    for (const auto& [extension, format] : formats) {
        SCOPED_TRACE(extension);
        const auto bytes = encode(extension, pixels);
        const ImageHeader header = read_image_header(bytes, "x");
        EXPECT_EQ(header.format, format);
        EXPECT_EQ(header.height, 6);
        EXPECT_EQ(header.width, 9);
        const Image image = decode_image(bytes, "x");
        ASSERT_EQ(image.rgb.size(), 6u * 9 * 3);
        EXPECT_NEAR(image.rgb[0], 200, 8);
        EXPECT_NEAR(image.rgb[1], 60, 8);
        EXPECT_NEAR(image.rgb[2], 30, 8);
    }
    // Lossless WebP has a header of its own.
    std::vector<uint8_t> lossless;
    ASSERT_TRUE(cv::imencode(".webp", pixels, lossless, {cv::IMWRITE_WEBP_QUALITY, 101}));
    EXPECT_EQ(read_image_header(lossless, "x").width, 9);
}

TEST(Image, GreyAlphaAndSixteenBitsBecomeRgb) {
    const Image grey = decode_image(encode(".png", cv::Mat(2, 3, CV_8UC1, cv::Scalar(77))), "x");
    EXPECT_EQ(grey.rgb, std::vector<uint8_t>(18, 77));
    const Image alpha = decode_image(encode(".png", cv::Mat(1, 1, CV_8UC4, cv::Scalar(10, 20, 30, 0))), "x");
    EXPECT_EQ(alpha.rgb, (std::vector<uint8_t>{30, 20, 10}));
    const Image deep = decode_image(encode(".png", cv::Mat(1, 1, CV_16UC1, cv::Scalar(0x8000))), "x");
    EXPECT_EQ(deep.rgb, std::vector<uint8_t>(3, 0x80));
    const Image pgm = decode_image(encode(".pgm", cv::Mat(1, 2, CV_8UC1, cv::Scalar(9))), "x");
    EXPECT_EQ(pgm.rgb, std::vector<uint8_t>(6, 9));
}

// A TIFF block with the one tag Orientation.
std::vector<uint8_t> exif_of(uint8_t orientation) {
    return {'M', 'M', 0, 42, 0, 0, 0,           8, 0, 1, 0x01, 0x12, 0,
            3,   0,   0, 0,  1, 0, orientation, 0, 0, 0, 0,    0,    0};
}

// A picture of 32 x 16 pixels whose corners say which is which: red, green; blue, white.
cv::Mat four_corners() {
    cv::Mat pixels(16, 32, CV_8UC3);
    pixels(cv::Rect(0, 0, 16, 8)) = cv::Scalar(0, 0, 255);
    pixels(cv::Rect(16, 0, 16, 8)) = cv::Scalar(0, 255, 0);
    pixels(cv::Rect(0, 8, 16, 8)) = cv::Scalar(255, 0, 0);
    pixels(cv::Rect(16, 8, 16, 8)) = cv::Scalar(255, 255, 255);
    return pixels;
}

// The corners of the decoded picture, as letters: top left, top right, bottom left, bottom right.
std::string corners_of(const Image& image) {
    std::string letters;
    for (const int y : {1, image.height - 2}) {
        for (const int x : {1, image.width - 2}) {
            const uint8_t* rgb = &image.rgb[3 * static_cast<size_t>(y * image.width + x)];
            const int lit = (rgb[0] > 128 ? 4 : 0) + (rgb[1] > 128 ? 2 : 0) + (rgb[2] > 128 ? 1 : 0);
            letters += lit == 4 ? 'R' : lit == 2 ? 'G' : lit == 1 ? 'B' : lit == 7 ? 'W' : '?';
        }
    }
    return letters;
}

TEST(Image, AJpegIsTurnedAsItsExifSays) {
    const std::vector<uint8_t> plain = encode(".jpg", four_corners());
    ASSERT_EQ(corners_of(decode_image(plain, "x")), "RGBW");
    // What the eight orientations of the EXIF standard (JEITA CP-3451) show upright.
    const char* upright[] = {"RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"};
    for (uint8_t orientation = 1; orientation <= 8; ++orientation) {
        std::vector<uint8_t> segment = {0xff, 0xe1, 0, 0, 'E', 'x', 'i', 'f', 0, 0};
        const std::vector<uint8_t> exif = exif_of(orientation);
        segment.insert(segment.end(), exif.begin(), exif.end());
        segment[3] = static_cast<uint8_t>(segment.size() - 2);
        std::vector<uint8_t> turned = plain;
        turned.insert(turned.begin() + 2, segment.begin(), segment.end());
        const Image image = decode_image(turned, "x");
        EXPECT_EQ(image.width, orientation <= 4 ? 32 : 16) << int{orientation};
        EXPECT_EQ(corners_of(image), upright[orientation - 1]) << int{orientation};
    }
}

// As OpenCV has it: PNG files are turned, WebP files come as stored.
TEST(Image, ExifOfPngAndWebp) {
    const std::vector<uint8_t> exif = exif_of(6);
    std::vector<uint8_t> webp;
    ASSERT_TRUE(cv::imencode(".webp", four_corners(), webp, {cv::IMWRITE_WEBP_QUALITY, 101}));
    // RIFF header, VP8X with the EXIF flag, the picture, the EXIF chunk.
    std::vector<uint8_t> extended(webp.begin(), webp.begin() + 12);
    const std::vector<uint8_t> header = {'V', 'P', '8', 'X', 10, 0, 0, 0, 8, 0, 0, 0, 31, 0, 0, 15, 0, 0};
    extended.insert(extended.end(), header.begin(), header.end());
    extended.insert(extended.end(), webp.begin() + 12, webp.end());
    extended.insert(extended.end(), {'E', 'X', 'I', 'F', static_cast<uint8_t>(exif.size()), 0, 0, 0});
    extended.insert(extended.end(), exif.begin(), exif.end());
    const size_t riff = extended.size() - 8;
    for (size_t i = 0; i < 4; ++i) extended[4 + i] = static_cast<uint8_t>(riff >> (8 * i));
    EXPECT_EQ(corners_of(decode_image(extended, "x")), "RGBW");

    std::vector<uint8_t> png = encode(".png", four_corners());
    std::vector<uint8_t> chunk = {0, 0, 0, static_cast<uint8_t>(exif.size()), 'e', 'X', 'I', 'f'};
    chunk.insert(chunk.end(), exif.begin(), exif.end());
    uint32_t crc = 0xffffffff;
    for (size_t i = 4; i < chunk.size(); ++i) {
        crc ^= chunk[i];
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
    }
    for (int shift = 24; shift >= 0; shift -= 8) chunk.push_back(static_cast<uint8_t>(~crc >> shift));
    png.insert(png.begin() + 33, chunk.begin(), chunk.end());
    EXPECT_EQ(corners_of(decode_image(png, "x")), "BRWG");
}

TEST(Image, TruncatedImagesAreRefused) {
    const Image image = random_image(24, 24);
    cv::Mat pixels(24, 24, CV_8UC3, const_cast<uint8_t*>(image.rgb.data()));
    testing::internal::CaptureStderr();
    for (const char* extension : {".jpg", ".png", ".webp", ".bmp", ".ppm"}) {
        SCOPED_TRACE(extension);
        const auto whole = encode(extension, pixels);
        for (size_t length = 0; length < whole.size(); length += 1 + length / 20) {
            const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
            const std::string message = refusal([&] { decode_image(cut, "cut.img"); });
            EXPECT_EQ(message.rfind("cut.img: ", 0), 0u) << message;
        }
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// Beside refusing it: what the decoders themselves say of broken files must not reach the terminal.
TEST(Image, DamagedPngIsRefusedInSilence) {
    const auto whole = encode_png(random_image(24, 24));
    testing::internal::CaptureStderr();
    for (size_t at = 8; at < whole.size(); at += 7) {
        auto damaged = whole;
        damaged[at] ^= 0x10;
        EXPECT_NE(refusal([&] { decode_image(damaged, "x"); }).find("x: "), std::string::npos);
    }
    // A text chunk that libpng would complain of is passed over.
    auto odd = whole;
    const std::vector<uint8_t> chunk = {0, 0, 0, 0, 't', 'E', 'X', 't', 0x96, 0x42, 0xc5, 0x85};
    odd.insert(odd.begin() + 33, chunk.begin(), chunk.end());
    EXPECT_EQ(decode_image(odd, "x").rgb, decode_image(whole, "x").rgb);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Image, BytesOfOtherKindsAreRefused) {
    for (const std::string text : {"", "hello", "GIF89a", "P5", "P6 4", "BM", "RIFF1234WEBP", "II*\0"}) {
        const std::vector<uint8_t> bytes(text.begin(), text.end());
        EXPECT_NE(refusal([&] { decode_image(bytes, "n"); }).find("image"), std::string::npos);
    }
}

// The size that a header states is believed before the decoder allocates.
TEST(Image, DecompressionBombsAreRefused) {
    auto png = encode_png(random_image(1, 1));
    for (const size_t at : {16, 20}) {
        png[at] = 0;
        png[at + 1] = 0;
        png[at + 2] = 0x40;  // 16384
        png[at + 3] = 0;
    }
    EXPECT_NE(refusal([&] { decode_image(png, "bomb"); }).find("64 megapixels"), std::string::npos);
    png[16] = 0xff;
    EXPECT_NE(refusal([&] { decode_image(png, "bomb"); }).find("broken or truncated PNG"), std::string::npos);

    auto jpeg = encode(".jpg", cv::Mat(8, 8, CV_8UC3));
    for (size_t at = 0; at + 9 < jpeg.size(); ++at) {
        if (jpeg[at] == 0xff && jpeg[at + 1] == 0xc0)
            std::fill_n(jpeg.begin() + static_cast<ptrdiff_t>(at) + 5, 4, 0xff);
    }
    EXPECT_NE(refusal([&] { decode_image(jpeg, "bomb"); }).find("65535 x 65535"), std::string::npos);

    // These cannot promise more than they hold.
    const std::string text = "P6\n# comment 1 1\n20000 20000\n255\n";
    const std::vector<uint8_t> ppm(text.begin(), text.end());
    EXPECT_NE(refusal([&] { decode_image(ppm, "bomb"); }).find("broken or truncated PGM/PPM"),
              std::string::npos);
}

TEST(Image, ReadNamesTheFile) {
    EXPECT_EQ(refusal([] { read_image("/nowhere/a.png"); }).rfind("/nowhere/a.png: ", 0), 0u);
}

TEST(Image, MirrorSwapsColumnsOnly) {
    const Image image{2, 2, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
    const Image mirror = mirrored(image);
    EXPECT_EQ(mirror.rgb, (std::vector<uint8_t>{4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9}));
    const Image odd = random_image(3, 7);
    EXPECT_EQ(mirrored(mirrored(odd)).rgb, odd.rgb);
}

TEST(Image, ShrinkingAveragesAreas) {
    // 2 x 4 to 1 x 2: each pixel the mean of a 2 x 2 block.
    Image image{2, 4, std::vector<uint8_t>(24)};
    const int levels[] = {0, 100, 10, 20, 40, 60, 30, 40};
    for (size_t i = 0; i < 24; ++i) image.rgb[i] = static_cast<uint8_t>(levels[i / 3]);
    EXPECT_EQ(resized(image, 1, 2).rgb, (std::vector<uint8_t>{50, 50, 50, 25, 25, 25}));
}

TEST(Image, GrowingIsBilinear) {
    Image image{1, 2, {0, 0, 0, 100, 100, 100}};
    const Image grown = resized(image, 1, 4);
    EXPECT_EQ(grown.rgb[0], 0);
    EXPECT_EQ(grown.rgb[3], 25);
    EXPECT_EQ(grown.rgb[6], 75);
    EXPECT_EQ(grown.rgb[9], 100);
}

TEST(Image, OneAxisMayShrinkWhileTheOtherGrows) {
    // Columns 0, 100, 0, 100 average to 50, 50; two rows become three.
    Image image{2, 4, std::vector<uint8_t>(24)};
    for (size_t i = 0; i < 24; ++i) image.rgb[i] = i / 3 % 2 ? 100 : 0;
    const Image result = resized(image, 3, 2);
    EXPECT_EQ(result.height, 3);
    EXPECT_EQ(result.width, 2);
    EXPECT_EQ(result.rgb, std::vector<uint8_t>(18, 50));
}

TEST(Image, SameSizeChangesNothing) {
    const Image image = random_image(5, 6);
    EXPECT_EQ(resized(image, 5, 6).rgb, image.rgb);
}

}  // namespace
}  // namespace quantface::test
