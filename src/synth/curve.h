// A smooth curve through a few points that never overshoots them.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace quantface {

// Monotone piecewise cubic interpolation (Fritsch and Carlson, SIAM J. Numer. Anal. 17, 1980), constant
// beyond the ends.
template <size_t kCount>
class Curve {
  public:
    struct Knot {
        float at, value;  // `at` strictly increasing
    };

    explicit Curve(const std::array<Knot, kCount>& knots) : knots_(knots) {
        std::array<float, kCount> secants{};
        for (size_t i = 0; i + 1 < kCount; ++i) {
            secants[i] = (knots[i + 1].value - knots[i].value) / (knots[i + 1].at - knots[i].at);
        }
        for (size_t i = 1; i + 1 < kCount; ++i) {
            const float a = secants[i - 1], b = secants[i];
            slopes_[i] = a * b <= 0 ? 0.0f : 2.0f * a * b / (a + b);
        }
        slopes_[0] = secants[0];
        slopes_[kCount - 1] = secants[kCount - 2];
    }

    float operator()(float at) const {
        if (at <= knots_[0].at) return knots_[0].value;
        if (at >= knots_[kCount - 1].at) return knots_[kCount - 1].value;
        size_t i = 0;
        while (at > knots_[i + 1].at) ++i;
        const float width = knots_[i + 1].at - knots_[i].at;
        const float t = (at - knots_[i].at) / width;
        const float u = 1.0f - t;
        return knots_[i].value * u * u * (1.0f + 2.0f * t) + knots_[i + 1].value * t * t * (3.0f - 2.0f * t) +
               slopes_[i] * width * t * u * u - slopes_[i + 1] * width * t * t * u;
    }

  private:
    std::array<Knot, kCount> knots_;
    std::array<float, kCount> slopes_{};
};

}  // namespace quantface
