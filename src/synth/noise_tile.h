// Smooth noise that repeats, from a table: for shading, where noise3 would take too long.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace quantface {

class NoiseTile {
  public:
    // In [-1, 1], features about one unit wide, period kSize / 4; the seed shifts it.
    float operator()(float x, float y, uint32_t seed) const {
        x = x * kPerUnit + static_cast<float>(seed & 0xff);
        y = y * kPerUnit + static_cast<float>((seed >> 8) & 0xff);
        const float fx = std::floor(x), fy = std::floor(y);
        const auto ix = static_cast<int32_t>(fx), iy = static_cast<int32_t>(fy);
        const float tx = x - fx, ty = y - fy;
        const float above = at(ix, iy) + (at(ix + 1, iy) - at(ix, iy)) * tx;
        const float below = at(ix, iy + 1) + (at(ix + 1, iy + 1) - at(ix, iy + 1)) * tx;
        return above + (below - above) * ty;
    }
    static const NoiseTile& instance();

  private:
    static constexpr int kSize = 256;
    static constexpr float kPerUnit = 4;
    NoiseTile();
    float at(int x, int y) const { return values_[static_cast<size_t>((y & (kSize - 1)) * kSize + (x & (kSize - 1)))]; }

    std::vector<float> values_;
};

}  // namespace quantface
