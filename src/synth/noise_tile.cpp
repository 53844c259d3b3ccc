#include "synth/noise_tile.h"

#include "synth/noise.h"

namespace quantface {

NoiseTile::NoiseTile() : values_(static_cast<size_t>(kSize) * kSize) {
    constexpr int kUnits = kSize / static_cast<int>(kPerUnit);
    auto weight = [](float t) { return t * t * (3 - 2 * t); };
    for (int y = 0; y < kSize; ++y) {
        for (int x = 0; x < kSize; ++x) {
            const int ix = x / static_cast<int>(kPerUnit), iy = y / static_cast<int>(kPerUnit);
            const float tx = weight(static_cast<float>(x % static_cast<int>(kPerUnit)) / kPerUnit);
            const float ty = weight(static_cast<float>(y % static_cast<int>(kPerUnit)) / kPerUnit);
            auto lattice = [&](int i, int j) {
                return lattice_value((ix + i) % kUnits, (iy + j) % kUnits, 0, 0x51);
            };
            const float above = mix(lattice(0, 0), lattice(1, 0), tx),
                        below = mix(lattice(0, 1), lattice(1, 1), tx);
            values_[static_cast<size_t>(y * kSize + x)] = 2 * mix(above, below, ty) - 1;
        }
    }
}

const NoiseTile& NoiseTile::instance() {
    static const NoiseTile tile;
    return tile;
}

}  // namespace quantface
