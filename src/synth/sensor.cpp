#include "synth/sensor.h"

#include "synth/fast_math.h"
#include "synth/sampler.h"

namespace quantface {

namespace {

const Vec3& clamped_at(const FloatImage& image, int x, int y) {
    return image.at(std::clamp(x, 0, image.size - 1), std::clamp(y, 0, image.size - 1));
}

// Bilinear; pixel centres at whole numbers.
Vec3 sample_at(const FloatImage& image, float x, float y) {
    const int ix = fast_floor(x), iy = fast_floor(y);
    const auto fx = static_cast<float>(ix), fy = static_cast<float>(iy);
    return mix(mix(clamped_at(image, ix, iy), clamped_at(image, ix + 1, iy), x - fx),
               mix(clamped_at(image, ix, iy + 1), clamped_at(image, ix + 1, iy + 1), x - fx), y - fy);
}

// weights: of the middle and of each neighbour outward.
void blur_rows(FloatImage& image, const std::vector<float>& weights) {
    const auto size = static_cast<size_t>(image.size), reach = weights.size() - 1, length = 3 * size;
    std::vector<float> padded(length + 6 * reach);  // the edge's pixels go on
    for (size_t y = 0; y < size; ++y) {
        float* row = &image.pixels[y * size].x;
        std::copy_n(row, length, &padded[3 * reach]);
        for (size_t k = 0; k < 3 * reach; ++k) {
            padded[k] = row[k % 3];
            padded[length + 3 * reach + k] = row[length - 3 + k % 3];
        }
        const float* middle = &padded[3 * reach];
        for (size_t i = 0; i < length; ++i) row[i] = middle[i] * weights[0];
        for (size_t k = 1; k <= reach; ++k) {
            const float *left = middle - 3 * k, *right = middle + 3 * k;
            const float weight = weights[k];
            for (size_t i = 0; i < length; ++i) row[i] += (left[i] + right[i]) * weight;
        }
    }
}

void blur_columns(FloatImage& image, const std::vector<float>& weights) {
    const auto size = static_cast<size_t>(image.size), reach = weights.size() - 1, length = 3 * size;
    const FloatImage source = image;
    for (size_t y = 0; y < size; ++y) {
        float* row = &image.pixels[y * size].x;
        for (size_t i = 0; i < length; ++i) row[i] *= weights[0];
        for (size_t k = 1; k <= reach; ++k) {
            const float *above = &source.pixels[(y < k ? 0 : y - k) * size].x,
                        *below = &source.pixels[std::min(y + k, size - 1) * size].x;
            const float weight = weights[k];
            for (size_t i = 0; i < length; ++i) row[i] += (above[i] + below[i]) * weight;
        }
    }
}

void blur(FloatImage& image, float deviation) {
    if (deviation < 0.15f) return;
    const auto reach = std::min(static_cast<size_t>(std::max(1.0f, std::ceil(2.5f * deviation))),
                                static_cast<size_t>(image.size));
    std::vector<float> weights(reach + 1);
    float sum = 0;
    for (size_t i = 0; i <= reach; ++i) {
        const float t = static_cast<float>(i) / deviation;
        weights[i] = std::exp(-0.5f * t * t);
        sum += (i == 0 ? 1.0f : 2.0f) * weights[i];
    }
    for (float& weight : weights) weight /= sum;
    blur_rows(image, weights);
    blur_columns(image, weights);
}

void smear(FloatImage& image, float length, float angle) {
    constexpr int kTaps = 7;
    const FloatImage source = image;
    for (int y = 0; y < image.size; ++y) {
        for (int x = 0; x < image.size; ++x) {
            Vec3 sum;
            for (int i = 0; i < kTaps; ++i) {
                const float along = length * (static_cast<float>(i) / (kTaps - 1) - 0.5f);
                sum += sample_at(source, static_cast<float>(x) + along * std::cos(angle),
                                 static_cast<float>(y) + along * std::sin(angle));
            }
            image.at(x, y) = sum * (1.0f / kTaps);
        }
    }
}

FloatImage rescaled(const FloatImage& image, int size) {
    FloatImage result{size, std::vector<Vec3>(static_cast<size_t>(size) * static_cast<size_t>(size))};
    const float ratio = static_cast<float>(image.size) / static_cast<float>(size);
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            result.at(x, y) = sample_at(image, (static_cast<float>(x) + 0.5f) * ratio - 0.5f,
                                        (static_cast<float>(y) + 0.5f) * ratio - 0.5f);
        }
    }
    return result;
}

void add_noise(FloatImage& image, float strength, Sampler& sampler) {
    for (Vec3& p : image.pixels) {
        // Brighter pixels are noisier in absolute terms; most noise is common to the channels.
        const float scale = strength * (0.5f + std::sqrt(std::max(0.0f, luminance(p))));
        const float common = sampler.normal(0, scale);
        p += Vec3{common + sampler.uniform(-scale, scale), common + sampler.uniform(-scale, scale),
                  common + sampler.uniform(-scale, scale)};
    }
}

void sharpen(FloatImage& image, float strength) {
    FloatImage soft = image;
    blur(soft, 1.0f);
    for (size_t i = 0; i < image.pixels.size(); ++i) {
        image.pixels[i] += (image.pixels[i] - soft.pixels[i]) * strength;
    }
}

uint8_t to_byte(float value) {
    return static_cast<uint8_t>(255.0f * saturate(value) + 0.5f);
}

}  // namespace

Development::Development(const SensorTraits& sensor)
    : white_balance_(sensor.white_balance), saturation_(sensor.grey ? 0.0f : sensor.saturation) {
    for (size_t i = 0; i < curve_.size(); ++i) {
        const float root = static_cast<float>(i) * (kMost / kSteps), exposed = root * root;
        // Highlights fade to white instead of breaking off.
        const float rolled =
            exposed < 0.6f ? exposed : 0.6f + 0.4f * (1 - fast_exp2((0.6f - exposed) * (1.442695f / 0.4f)));
        curve_[i] = 0.45f + (fast_pow(rolled, sensor.gamma / 2.2f) - 0.45f) * sensor.contrast;
    }
}

Vec3 Development::operator()(const Vec3& linear) const {
    auto curve = [&](float light) {
        const float at = std::sqrt(light > 0 ? std::min(light, kMost * kMost) : 0.0f) * (kSteps / kMost);
        const auto step = static_cast<int>(at);
        const float* value = &curve_[static_cast<size_t>(step)];
        return value[0] + (value[1] - value[0]) * (at - static_cast<float>(step));
    };
    Vec3 c{curve(linear.x * white_balance_.x), curve(linear.y * white_balance_.y),
           curve(linear.z * white_balance_.z)};
    const float level = luminance(c);
    c = mix(Vec3{level, level, level}, c, saturation_);
    return {saturate(c.x), saturate(c.y), saturate(c.z)};
}

Image expose(FloatImage picture, const SensorTraits& sensor) {
    const int size = picture.size;
    const float unit = static_cast<float>(size) / 112.0f;  // blur is given for 112 pixels
    Sampler sampler(sensor.seed, 0x5e);
    if (sensor.vignette > 0) {
        for (int y = 0; y < size; ++y) {
            for (int x = 0; x < size; ++x) {
                const float dx = (static_cast<float>(x) + 0.5f) / static_cast<float>(size) - 0.5f;
                const float dy = (static_cast<float>(y) + 0.5f) / static_cast<float>(size) - 0.5f;
                picture.at(x, y) = picture.at(x, y) * (1 - sensor.vignette * 2 * (dx * dx + dy * dy));
            }
        }
    }
    blur(picture, sensor.defocus * unit);
    if (sensor.motion > 0.5f) smear(picture, sensor.motion * unit, sensor.motion_angle);
    const auto small = std::max(16, static_cast<int>(static_cast<float>(size) / sensor.downsample));
    if (small < size) {
        blur(picture, 0.42f * std::sqrt(sensor.downsample * sensor.downsample - 1));
        picture = rescaled(picture, small);
    }
    add_noise(picture, sensor.noise, sampler);
    if (sensor.sharpen > 0) sharpen(picture, sensor.sharpen);
    if (sensor.jpeg_quality > 0)
        compress_like_jpeg(picture, sensor.jpeg_quality, sampler.below(8), sampler.below(8));
    if (small < size) picture = rescaled(picture, size);
    Image image{size, size, std::vector<uint8_t>(picture.pixels.size() * 3)};
    for (size_t i = 0; i < picture.pixels.size(); ++i) {
        Vec3 p = picture.pixels[i];
        if (sensor.grey) p.x = p.y = p.z = luminance(p);
        image.rgb[3 * i] = to_byte(p.x);
        image.rgb[3 * i + 1] = to_byte(p.y);
        image.rgb[3 * i + 2] = to_byte(p.z);
    }
    return image;
}

}  // namespace quantface
