#include "train/augmentation.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "synth/sensor.h"

namespace quantface {

namespace {

constexpr double kLargest = 255;

// Exposure, contrast and a tint.
void change_light(at::Tensor& image, double strength, Rng& rng) {
    const double gain = std::exp(rng.uniform(-0.5, 0.5) * strength), offset = rng.uniform(-40, 40) * strength;
    for (int64_t channel = 0; channel < 3; ++channel) {
        const double tint = std::exp(rng.uniform(-0.15, 0.15) * strength);
        at::Tensor plane = image[channel];
        plane.mul_(gain * tint).add_(offset);
    }
}

void blur(at::Tensor& image, double strength, Rng& rng) {
    const double width = rng.uniform(0.3, 0.3 + 1.5 * strength);
    constexpr int64_t kRadius = 4;
    const at::Tensor at = at::arange(-kRadius, kRadius + 1, at::kFloat);
    at::Tensor weights = at::exp(-at.square() / (2 * width * width));
    weights = (weights / weights.sum()).reshape({1, 1, 1, -1});
    const at::Tensor planes = image.unsqueeze(1);
    const at::Tensor across = at::conv2d(at::replication_pad2d(planes, {kRadius, kRadius, 0, 0}), weights);
    image.copy_(at::conv2d(at::replication_pad2d(across, {0, 0, kRadius, kRadius}), weights.transpose(2, 3))
                    .squeeze(1));
}

// Shrunk and enlarged again, as from far away.
void coarsen(at::Tensor& image, double strength, Rng& rng) {
    const int64_t height = image.size(1), width = image.size(2);
    const double factor = 1 - rng.uniform(0.1, 0.1 + 0.55 * strength);
    const auto scaled = [&](int64_t size) {
        return std::max<int64_t>(8, static_cast<int64_t>(static_cast<double>(size) * factor));
    };
    const at::Tensor small =
        at::upsample_bilinear2d(image.unsqueeze(0), {scaled(height), scaled(width)}, false);
    image.copy_(at::upsample_bilinear2d(small, {height, width}, false).squeeze(0));
}

void add_noise(at::Tensor& image, double strength, Rng& rng) {
    const double spread = rng.uniform(0, 12) * strength;
    float* numbers = image.data_ptr<float>();
    for (int64_t i = 0; i < image.numel(); ++i) numbers[i] += static_cast<float>(rng.normal() * spread);
}

// Coded as JPEG and decoded again. (With blue first, luminance has red's and blue's small weights exchanged.)
void compress(at::Tensor& image, double strength, Rng& rng) {
    constexpr int kBestQuality = 95, kBlock = 8;
    const auto quality = static_cast<int>(kBestQuality - rng.uniform(0, 75) * strength);
    const auto height = static_cast<int>(image.size(1)), width = static_cast<int>(image.size(2));
    // A square that the image fills as far as it goes; its last row and column go on.
    FloatImage picture;
    picture.size = std::max(height, width);
    picture.pixels.resize(static_cast<size_t>(picture.size) * picture.size);
    auto numbers = image.accessor<float, 3>();
    for (int y = 0; y < picture.size; ++y) {
        for (int x = 0; x < picture.size; ++x) {
            const int from_y = std::min(y, height - 1), from_x = std::min(x, width - 1);
            picture.at(x, y) =
                Vec3{numbers[0][from_y][from_x], numbers[1][from_y][from_x], numbers[2][from_y][from_x]} *
                static_cast<float>(1 / kLargest);
        }
    }
    const auto offset = [&] { return static_cast<int>(rng.below(kBlock)); };
    const int offset_x = offset(), offset_y = offset();
    compress_like_jpeg(picture, quality, offset_x, offset_y);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const Vec3 colour = picture.at(x, y) * static_cast<float>(kLargest);
            numbers[0][y][x] = colour.x;
            numbers[1][y][x] = colour.y;
            numbers[2][y][x] = colour.z;
        }
    }
}

// A rectangle of one colour, somewhere.
void cover(at::Tensor& image, double strength, Rng& rng) {
    const int64_t height = image.size(1), width = image.size(2);
    const auto extent = [&](int64_t size) {
        return static_cast<int64_t>(static_cast<double>(size) * rng.uniform(0.05, 0.05 + 0.35 * strength));
    };
    const int64_t rows = extent(height), columns = extent(width);
    const auto top = static_cast<int64_t>(rng.below(static_cast<uint64_t>(height - rows + 1)));
    const auto left = static_cast<int64_t>(rng.below(static_cast<uint64_t>(width - columns + 1)));
    for (int64_t channel = 0; channel < 3; ++channel) {
        image[channel]
            .slice(0, top, top + rows)
            .slice(1, left, left + columns)
            .fill_(rng.uniform(0, kLargest));
    }
}

}  // namespace

void augment_image(at::Tensor image, double strength, Rng& rng) {
    const double chance = strength / 2;
    if (rng.chance(chance)) change_light(image, strength, rng);
    if (rng.chance(chance)) blur(image, strength, rng);
    if (rng.chance(chance)) coarsen(image, strength, rng);
    if (rng.chance(chance)) add_noise(image, strength, rng);
    if (rng.chance(chance)) cover(image, strength, rng);
    if (rng.chance(chance)) compress(image, strength, rng);
    // Pixels, as a camera gives them: the engine takes no others.
    image.round_().clamp_(0, kLargest);
}

}  // namespace quantface
