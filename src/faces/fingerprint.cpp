#include "faces/fingerprint.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace quantface {

namespace {

constexpr double kDifferentSizes = 255;

// Where block `index` of an image side begins; small images leave some blocks empty.
int block_begin(int index, int side) {
    return index * side / Fingerprint::kSide;
}

uint64_t hash_of(const Image& image) {
    uint64_t hash = 0xcbf29ce484222325;
    const auto mix = [&](uint64_t byte) { hash = (hash ^ byte) * 0x100000001b3; };
    for (const int side : {image.height, image.width}) {
        for (int shift = 0; shift < 32; shift += 8) mix(static_cast<uint32_t>(side) >> shift & 0xff);
    }
    for (const uint8_t byte : image.rgb) mix(byte);
    return hash;
}

// Calls use(block, pixels in it, top, bottom, left, right) for the blocks that hold a pixel.
template <typename Use>
void for_each_block(int height, int width, const Use& use) {
    for (int y = 0; y < Fingerprint::kSide; ++y) {
        const int top = block_begin(y, height), bottom = block_begin(y + 1, height);
        for (int x = 0; x < Fingerprint::kSide; ++x) {
            const int left = block_begin(x, width), right = block_begin(x + 1, width);
            if (top < bottom && left < right) use(y * Fingerprint::kSide + x, top, bottom, left, right);
        }
    }
}

}  // namespace

Fingerprint fingerprint_of(const Image& image) {
    Fingerprint print;
    print.hash = hash_of(image);
    print.height = image.height;
    print.width = image.width;
    for_each_block(image.height, image.width, [&](int block, int top, int bottom, int left, int right) {
        std::array<int64_t, 3> sums{};
        for (int y = top; y < bottom; ++y) {
            const uint8_t* pixel = image.rgb.data() + 3 * (int64_t{y} * image.width + left);
            for (int i = 0; i < 3 * (right - left); ++i) sums[i % 3] += pixel[i];
        }
        const int64_t pixels = int64_t{bottom - top} * (right - left);
        for (int color = 0; color < 3; ++color) {
            print.means[3 * block + color] = static_cast<uint8_t>((sums[color] + pixels / 2) / pixels);
        }
    });
    return print;
}

double mean_absolute_difference(const Image& a, const Image& b) {
    if (a.height != b.height || a.width != b.width || a.rgb.size() != b.rgb.size() || a.rgb.empty())
        return kDifferentSizes;
    int64_t sum = 0;
    for (size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(int{a.rgb[i]} - int{b.rgb[i]});
    return static_cast<double>(sum) / static_cast<double>(a.rgb.size());
}

namespace {

// Mean of |a - b| over blocks of one size: a loop that becomes a few instructions, as it runs once for every
// pair of images whose embeddings are close.
double mean_of_equal_blocks(const Fingerprint& a, const Fingerprint& b) {
    int sum = 0;
    for (size_t i = 0; i < a.means.size(); ++i) sum += std::abs(int{a.means[i]} - int{b.means[i]});
    return static_cast<double>(sum) / static_cast<double>(a.means.size());
}

double mean_of_blocks(const Fingerprint& a, const Fingerprint& b) {
    int64_t sum = 0;
    for_each_block(a.height, a.width, [&](int block, int top, int bottom, int left, int right) {
        const int64_t pixels = int64_t{bottom - top} * (right - left);
        for (int color = 0; color < 3; ++color) {
            sum += pixels * std::abs(int{a.means[3 * block + color]} - int{b.means[3 * block + color]});
        }
    });
    return static_cast<double>(sum) / (3.0 * a.height * a.width);
}

}  // namespace

double least_difference(const Fingerprint& a, const Fingerprint& b) {
    if (a.height != b.height || a.width != b.width || a.height < 1 || a.width < 1) return kDifferentSizes;
    const bool equal_blocks = a.height % Fingerprint::kSide == 0 && a.width % Fingerprint::kSide == 0;
    const double mean = equal_blocks ? mean_of_equal_blocks(a, b) : mean_of_blocks(a, b);
    // Each of the two means was rounded by up to a half.
    return std::max(0.0, mean - 1);
}

}  // namespace quantface
