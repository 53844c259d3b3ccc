#include "base/rng.h"

#include <bit>
#include <cmath>

namespace quantface {

namespace {
uint64_t split_mix(uint64_t& state) {
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
}  // namespace

Rng::Rng(uint64_t seed, uint64_t stream) {
    uint64_t mixed_stream = stream;
    uint64_t state = seed ^ split_mix(mixed_stream);
    for (auto& word : state_) word = split_mix(state);
}

uint64_t Rng::next_u64() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

double Rng::uniform() {
    return static_cast<double>(next_u64() >> 11) * 0x1.0p-53;
}

uint64_t Rng::below(uint64_t bound) {
    const uint64_t reject_from = UINT64_MAX - UINT64_MAX % bound;
    uint64_t value = next_u64();
    while (value >= reject_from) value = next_u64();
    return value % bound;
}

double Rng::normal() {
    if (has_spare_) {
        has_spare_ = false;
        return spare_;
    }
    double u = 0, v = 0, square = 0;
    do {
        u = uniform(-1, 1);
        v = uniform(-1, 1);
        square = u * u + v * v;
    } while (square >= 1 || square == 0);
    const double factor = std::sqrt(-2 * std::log(square) / square);
    spare_ = v * factor;
    has_spare_ = true;
    return u * factor;
}

}  // namespace quantface
