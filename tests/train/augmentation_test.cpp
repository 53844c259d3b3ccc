#include "train/augmentation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace quantface {
namespace {

// Something with edges, so that every change shows: bands over a slope of light.
at::Tensor picture(int64_t height, int64_t width) {
    at::Tensor image = at::empty({3, height, width}, at::kFloat);
    auto numbers = image.accessor<float, 3>();
    for (int64_t channel = 0; channel < 3; ++channel) {
        for (int64_t y = 0; y < height; ++y) {
            for (int64_t x = 0; x < width; ++x) {
                numbers[channel][y][x] =
                    static_cast<float>((x / 5 % 2 == 0 ? 40 : 120) + y / 2 + 20 * channel * (y / 9 % 2));
            }
        }
    }
    return image;
}

at::Tensor augmented(int64_t height, int64_t width, double strength, uint64_t seed) {
    at::Tensor image = picture(height, width);
    Rng rng(seed);
    augment_image(image, strength, rng);
    return image;
}

TEST(Augmentation, GivesPixels) {
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{112, 112}, {112, 96}, {40, 56}}) {
        for (uint64_t seed = 0; seed < 40; ++seed) {
            const at::Tensor image = augmented(height, width, 1, seed);
            EXPECT_TRUE(at::equal(image, image.round())) << seed;
            EXPECT_GE(image.min().item<float>(), 0) << seed;
            EXPECT_LE(image.max().item<float>(), 255) << seed;
        }
    }
}

TEST(Augmentation, StrengthZeroChangesNothing) {
    EXPECT_TRUE(at::equal(augmented(112, 96, 0, 1), picture(112, 96)));
}

TEST(Augmentation, IsTheSameForTheSameSeed) {
    EXPECT_TRUE(at::equal(augmented(112, 112, 0.7, 5), augmented(112, 112, 0.7, 5)));
    EXPECT_FALSE(at::equal(augmented(112, 112, 1, 5), augmented(112, 112, 1, 6)));
}

TEST(Augmentation, GoesFurtherWithStrength) {
    double faint = 0, strong = 0;
    for (uint64_t seed = 0; seed < 60; ++seed) {
        const at::Tensor plain = picture(112, 112);
        faint += (augmented(112, 112, 0.2, seed) - plain).abs().mean().item<double>();
        strong += (augmented(112, 112, 1, seed) - plain).abs().mean().item<double>();
    }
    EXPECT_GT(faint, 0);
    EXPECT_GT(strong, 3 * faint);
    // The face is still who it is: on average a pixel moves less than a fifth of the range.
    EXPECT_LT(strong / 60, 255.0 / 5);
}

}  // namespace
}  // namespace quantface
