// Value noise: smooth random functions of a point, the source of skin mottling, hair strands and backgrounds.
#pragma once

#include <cstdint>

#include "synth/fast_math.h"
#include "synth/vec.h"

namespace quantface {

// A well-mixed 32-bit hash of a lattice point.
inline uint32_t lattice_hash(int32_t x, int32_t y, int32_t z, uint32_t seed) {
    uint32_t h = seed ^ (static_cast<uint32_t>(x) * 0x8da6b343u) ^ (static_cast<uint32_t>(y) * 0xd8163841u) ^
                 (static_cast<uint32_t>(z) * 0xcb1ab31fu);
    h ^= h >> 16;
    h *= 0x7feb352du;
    h ^= h >> 15;
    h *= 0x846ca68bu;
    return h ^ (h >> 16);
}

// Uniform in [0, 1).
inline float lattice_value(int32_t x, int32_t y, int32_t z, uint32_t seed) {
    return static_cast<float>(lattice_hash(x, y, z, seed) >> 8) * 0x1.0p-24f;
}

// Trilinear value noise with smoothed weights, in [-1, 1], standard deviation near 0.35, features one unit
// wide.
inline float noise3(const Vec3& p, uint32_t seed) {
    const int ix = fast_floor(p.x), iy = fast_floor(p.y), iz = fast_floor(p.z);
    const auto fx = static_cast<float>(ix), fy = static_cast<float>(iy), fz = static_cast<float>(iz);
    auto weight = [](float t) { return t * t * (3.0f - 2.0f * t); };
    const float wx = weight(p.x - fx), wy = weight(p.y - fy), wz = weight(p.z - fz);
    float planes[2];
    for (int k = 0; k < 2; ++k) {
        const float low =
            mix(lattice_value(ix, iy, iz + k, seed), lattice_value(ix + 1, iy, iz + k, seed), wx);
        const float high =
            mix(lattice_value(ix, iy + 1, iz + k, seed), lattice_value(ix + 1, iy + 1, iz + k, seed), wx);
        planes[k] = mix(low, high, wy);
    }
    return 2.0f * mix(planes[0], planes[1], wz) - 1.0f;
}

// The same in two dimensions.
inline float noise2(float x, float y, uint32_t seed) {
    const int ix = fast_floor(x), iy = fast_floor(y);
    const auto fx = static_cast<float>(ix), fy = static_cast<float>(iy);
    auto weight = [](float t) { return t * t * (3.0f - 2.0f * t); };
    const float wx = weight(x - fx), wy = weight(y - fy);
    const float low = mix(lattice_value(ix, iy, 0, seed), lattice_value(ix + 1, iy, 0, seed), wx);
    const float high = mix(lattice_value(ix, iy + 1, 0, seed), lattice_value(ix + 1, iy + 1, 0, seed), wx);
    return 2.0f * mix(low, high, wy) - 1.0f;
}

// `octaves` layers of noise2, each twice as fine and half as strong; about [-1, 1].
inline float fractal2(float x, float y, int octaves, uint32_t seed) {
    float sum = 0, strength = 0.5f;
    for (int i = 0; i < octaves; ++i) {
        sum += strength * noise2(x, y, seed + static_cast<uint32_t>(i) * 0x9e3779b9u);
        x *= 2.03f;
        y *= 2.03f;
        strength *= 0.5f;
    }
    return sum;
}

}  // namespace quantface
