#include <array>

#include "synth/sensor.h"

namespace quantface {

namespace {

constexpr int kBlock = 8;
using Block = std::array<float, kBlock * kBlock>;

// ITU-T T.81, tables K.1 and K.2.
constexpr std::array<uint8_t, 64> kLumaTable = {
    16, 11,  10,  16, 24, 40, 51, 61, 12,  12,  14,  19,  26, 58, 60, 55,  14,  13,  16,  24, 40, 57,
    69, 56,  14,  17, 22, 29, 51, 87, 80,  62,  18,  22,  37, 56, 68, 109, 103, 77,  24,  35, 55, 64,
    81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98,  112, 100, 103, 99};
constexpr std::array<uint8_t, 64> kChromaTable = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
    99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

// Row k: the k-th basis function of the orthonormal DCT-II.
const std::array<float, 64>& dct_basis() {
    static const std::array<float, 64> basis = [] {
        std::array<float, 64> b{};
        for (int k = 0; k < kBlock; ++k) {
            for (int n = 0; n < kBlock; ++n) {
                const float scale = k == 0 ? std::sqrt(0.125f) : 0.5f;
                b[static_cast<size_t>(k * kBlock + n)] =
                    scale * std::cos(kPi * (static_cast<float>(n) + 0.5f) * static_cast<float>(k) / kBlock);
            }
        }
        return b;
    }();
    return basis;
}

// out = basis * in * basis^T (forward) or basis^T * in * basis (inverse).
Block transform(const Block& in, bool inverse) {
    const auto& basis = dct_basis();
    Block half{}, out{};
    for (size_t k = 0; k < kBlock; ++k) {
        for (size_t n = 0; n < kBlock; ++n) {
            const float weight = inverse ? basis[n * kBlock + k] : basis[k * kBlock + n];
            for (size_t x = 0; x < kBlock; ++x) half[k * kBlock + x] += weight * in[n * kBlock + x];
        }
    }
    for (size_t y = 0; y < kBlock; ++y) {
        for (size_t k = 0; k < kBlock; ++k) {
            float sum = 0;
            for (size_t n = 0; n < kBlock; ++n) {
                sum += half[y * kBlock + n] * (inverse ? basis[n * kBlock + k] : basis[k * kBlock + n]);
            }
            out[y * kBlock + k] = sum;
        }
    }
    return out;
}

struct Plane {
    int width, height;
    std::vector<float> values;
    float& at(int x, int y) {
        return values[static_cast<size_t>(std::clamp(y, 0, height - 1) * width +
                                          std::clamp(x, 0, width - 1))];
    }
};

void quantize_plane(Plane& plane, const std::array<uint8_t, 64>& table, int quality, int offset_x,
                    int offset_y) {
    const float scale =
        quality < 50 ? 5000.0f / static_cast<float>(quality) : 200.0f - 2.0f * static_cast<float>(quality);
    for (int top = -offset_y; top < plane.height; top += kBlock) {
        for (int left = -offset_x; left < plane.width; left += kBlock) {
            Block block;
            for (int i = 0; i < kBlock * kBlock; ++i) {
                block[static_cast<size_t>(i)] = plane.at(left + i % kBlock, top + i / kBlock);
            }
            block = transform(block, false);
            for (size_t i = 0; i < block.size(); ++i) {
                const float step =
                    std::clamp(std::floor((static_cast<float>(table[i]) * scale + 50) / 100), 1.0f, 255.0f);
                block[i] = step * std::round(block[i] / step);
            }
            block = transform(block, true);
            for (int i = 0; i < kBlock * kBlock; ++i) {
                const int x = left + i % kBlock, y = top + i / kBlock;
                if (x >= 0 && y >= 0 && x < plane.width && y < plane.height)
                    plane.at(x, y) = block[static_cast<size_t>(i)];
            }
        }
    }
}

}  // namespace

void compress_like_jpeg(FloatImage& picture, int quality, int offset_x, int offset_y) {
    const int size = picture.size, half = (size + 1) / 2;
    Plane luma{size, size, std::vector<float>(picture.pixels.size())};
    Plane blue{half, half, std::vector<float>(static_cast<size_t>(half * half), 0.0f)}, red = blue;
    std::vector<float> weight(static_cast<size_t>(half * half), 0.0f);
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            const Vec3 p = picture.at(x, y) * 255.0f;
            const float level = 0.299f * p.x + 0.587f * p.y + 0.114f * p.z;
            luma.at(x, y) = level - 128;
            blue.at(x / 2, y / 2) += 0.564f * (p.z - level);
            red.at(x / 2, y / 2) += 0.713f * (p.x - level);
            weight[static_cast<size_t>(y / 2 * half + x / 2)] += 1;
        }
    }
    for (size_t i = 0; i < weight.size(); ++i) {
        blue.values[i] /= weight[i];
        red.values[i] /= weight[i];
    }
    quantize_plane(luma, kLumaTable, quality, offset_x, offset_y);
    quantize_plane(blue, kChromaTable, quality, offset_x / 2, offset_y / 2);
    quantize_plane(red, kChromaTable, quality, offset_x / 2, offset_y / 2);
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            // Colours are blown up with the triangle filter that decoders use.
            const int near_x = x / 2, far_x = near_x + (x % 2 ? 1 : -1), near_y = y / 2,
                      far_y = near_y + (y % 2 ? 1 : -1);
            auto grown = [&](Plane& plane) {
                return 0.5625f * plane.at(near_x, near_y) +
                       0.1875f * (plane.at(far_x, near_y) + plane.at(near_x, far_y)) +
                       0.0625f * plane.at(far_x, far_y);
            };
            const float level = luma.at(x, y) + 128, b = grown(blue), r = grown(red);
            const Vec3 rgb{level + 1.402f * r, level - 0.344f * b - 0.714f * r, level + 1.772f * b};
            picture.at(x, y) = {saturate(rgb.x / 255), saturate(rgb.y / 255), saturate(rgb.z / 255)};
        }
    }
}

}  // namespace quantface
