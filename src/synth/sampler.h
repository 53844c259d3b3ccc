// Draws of float traits from the seeded generator.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/rng.h"
#include "synth/vec.h"

namespace quantface {

class Sampler {
  public:
    Sampler(uint64_t seed, uint64_t stream) : rng_(seed, stream) {}

    float uniform(float low, float high) { return static_cast<float>(rng_.uniform(low, high)); }
    // Normal, cut at three standard deviations.
    float normal(float mean, float deviation) {
        return mean + deviation * std::clamp(static_cast<float>(rng_.normal()), -3.0f, 3.0f);
    }
    bool chance(float probability) { return rng_.chance(probability); }
    int below(int bound) { return static_cast<int>(rng_.below(static_cast<uint64_t>(bound))); }
    uint32_t seed32() { return static_cast<uint32_t>(rng_.next_u64() >> 32); }
    // A random colour, linear RGB, from near grey to saturated.
    Vec3 colour(float low, float high) {
        const float level = uniform(low, high), chroma = uniform(0, 1) * uniform(0, 1);
        const Vec3 hue{uniform(0, 1), uniform(0, 1), uniform(0, 1)};
        const float top = std::max({hue.x, hue.y, hue.z, 1e-3f});
        return mix(Vec3{1, 1, 1}, hue * (1.0f / top), chroma) * level;
    }
    Vec3 direction() { return normalized({normal(0, 1), normal(0, 1), normal(0, 1)}); }

  private:
    Rng rng_;
};

// Two words into one, well mixed: the stream of (identity, view).
inline uint64_t combine_hash(uint64_t a, uint64_t b) {
    uint64_t h = a * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u;
    h ^= h >> 29;
    h = (h ^ b) * 0xbf58476d1ce4e5b9u;
    h ^= h >> 32;
    h *= 0x94d049bb133111ebu;
    return h ^ (h >> 29);
}

}  // namespace quantface
