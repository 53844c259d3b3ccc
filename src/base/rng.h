// Seeded random numbers that are the same on every platform and standard library.
#pragma once

#include <cstdint>

namespace quantface {

// xoshiro256** (Blackman, Vigna 2018), seeded through SplitMix64. Two streams of one seed are independent.
class Rng {
  public:
    explicit Rng(uint64_t seed, uint64_t stream = 0);

    uint64_t next_u64();
    // Uniform in [0, 1), 53 bits.
    double uniform();
    // Uniform in [low, high).
    double uniform(double low, double high) { return low + (high - low) * uniform(); }
    // Uniform integer in [0, bound), bound > 0, without modulo bias.
    uint64_t below(uint64_t bound);
    // Standard normal (Marsaglia polar method).
    double normal();
    bool chance(double probability) { return uniform() < probability; }

  private:
    uint64_t state_[4];
    double spare_ = 0;
    bool has_spare_ = false;
};

}  // namespace quantface
