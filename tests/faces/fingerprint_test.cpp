#include "faces/fingerprint.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace quantface::test {
namespace {

Image random_image(int height, int width, uint64_t seed, int levels = 256) {
    Rng rng(seed);
    Image image{height, width, std::vector<uint8_t>(static_cast<size_t>(height) * width * 3)};
    for (uint8_t& byte : image.rgb) byte = static_cast<uint8_t>(rng.below(levels));
    return image;
}

TEST(Fingerprint, OneForEachContent) {
    const Image image = random_image(30, 20, 1);
    Image other = image;
    EXPECT_EQ(fingerprint_of(image).hash, fingerprint_of(other).hash);
    EXPECT_EQ(mean_absolute_difference(image, other), 0);
    ++other.rgb[700];
    EXPECT_NE(fingerprint_of(image).hash, fingerprint_of(other).hash);
    // The same bytes in another shape.
    other = image;
    std::swap(other.height, other.width);
    EXPECT_NE(fingerprint_of(image).hash, fingerprint_of(other).hash);
    EXPECT_EQ(mean_absolute_difference(image, other), 255);
    EXPECT_EQ(least_difference(fingerprint_of(image), fingerprint_of(other)), 255);
}

TEST(Fingerprint, DifferencesByHand) {
    const Image dark{32, 32, std::vector<uint8_t>(32 * 32 * 3, 10)};
    Image half = dark;
    for (size_t i = 0; i < half.rgb.size() / 2; ++i) half.rgb[i] = 110;
    EXPECT_EQ(mean_absolute_difference(dark, half), 50);
    EXPECT_EQ(least_difference(fingerprint_of(dark), fingerprint_of(half)), 49);
}

TEST(Fingerprint, TheBoundHoldsForAnySize) {
    uint64_t seed = 10;
    for (const int height : {1, 7, 16, 33, 112}) {
        for (const int width : {1, 15, 17, 96}) {
            const Image a = random_image(height, width, seed++), b = random_image(height, width, seed++, 64);
            const double bound = least_difference(fingerprint_of(a), fingerprint_of(b));
            EXPECT_LE(bound, mean_absolute_difference(a, b)) << height << " x " << width;
            // The two differ by 96 levels on average, which the means show.
            if (height * width > 1000) {
                EXPECT_GT(bound, 80);
            }
        }
    }
}

}  // namespace
}  // namespace quantface::test
