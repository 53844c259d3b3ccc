// The numerics law a second time, by other means: every float32 operation as the rounding of an exact (or
// safely wide) double one, rounding to levels by comparison with the tie. For tests of the scalar reference.
#pragma once

#include <cmath>
#include <cstdint>

namespace quantface {

// The product of two float32 numbers is exact in a double; sums and quotients rounded first to 53 and then to
// 24 bits are those rounded once (53 >= 2 * 24 + 2).
inline float exact_product(float a, float b) {
    return static_cast<float>(static_cast<double>(a) * b);
}
inline float exact_sum(float a, float b) {
    return static_cast<float>(static_cast<double>(a) + b);
}
inline float exact_quotient(float a, float b) {
    return static_cast<float>(static_cast<double>(a) / b);
}
inline float exact_float(int64_t number) {
    return static_cast<float>(static_cast<double>(number));
}

// clamp(round_half_to_even(number) + zero_point, 0, max_level), rounding first.
inline int64_t exact_level(float number, int64_t zero_point, int64_t max_level) {
    const double wide = number;
    if (wide > 1e9) return max_level;
    if (wide < -1e9) return 0;
    const double below = std::floor(wide);
    auto rounded = static_cast<int64_t>(below);
    const double rest = wide - below;
    if (rest > 0.5 || (rest == 0.5 && rounded % 2 != 0)) ++rounded;
    const int64_t level = rounded + zero_point;
    return level < 0 ? 0 : level > max_level ? max_level : level;
}

}  // namespace quantface
