// Smooth noise that repeats, from a table: for shading, where noise3 would take too long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "synth/fast_math.h"

namespace quantface {

class NoiseTile {
  public:
    // In [-1, 1], features about one unit wide, period kSize / 4; the seed shifts it.
    float operator()(float x, float y, uint32_t seed) const {
        x = x * kPerUnit + static_cast<float>(seed & 0xff);
        y = y * kPerUnit + static_cast<float>((seed >> 8) & 0xff);
        const int ix = fast_floor(x), iy = fast_floor(y);
        const float tx = x - static_cast<float>(ix), ty = y - static_cast<float>(iy);
        const float above = at(ix, iy) + (at(ix + 1, iy) - at(ix, iy)) * tx;
        const float below = at(ix, iy + 1) + (at(ix + 1, iy + 1) - at(ix, iy + 1)) * tx;
        return above + (below - above) * ty;
    }
    static const NoiseTile& instance();

  private:
    static constexpr int kSize = 256;
    static constexpr float kPerUnit = 4;
    NoiseTile();
    float at(int x, int y) const {
        return values_[static_cast<size_t>((y & (kSize - 1)) * kSize + (x & (kSize - 1)))];
    }

    std::vector<float> values_;
};

}  // namespace quantface
