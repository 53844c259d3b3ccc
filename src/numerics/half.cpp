#include "numerics/half.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace quantface {

float half_to_float(uint16_t half) {
    const int exponent = (half >> 10) & 0x1f;
    const int fraction = half & 0x3ff;
    float magnitude = 0;
    if (exponent == 0) {
        magnitude = std::ldexp(static_cast<float>(fraction), -24);
    } else if (exponent == 31) {
        magnitude = fraction == 0 ? HUGE_VALF : std::nanf("");
    } else {
        magnitude = std::ldexp(static_cast<float>(fraction | 0x400), exponent - 25);
    }
    return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

uint16_t float_to_half(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
    const float magnitude = std::fabs(value);
    if (std::isnan(value)) return static_cast<uint16_t>(sign | 0x7e00u);
    if (magnitude >= 65520.0f) return static_cast<uint16_t>(sign | 0x7c00u);
    if (magnitude == 0) return sign;
    int exponent = 0;
    std::frexp(magnitude, &exponent);
    // The value of one step of the binary16 grid around this magnitude is 2^step.
    const int step = std::max(exponent - 11, -24);
    const auto steps = static_cast<uint32_t>(std::nearbyintf(std::ldexp(magnitude, -step)));
    // With step = -24 the encoding is linear in steps; above, each binade adds one to the exponent field.
    const uint32_t encoded = steps + (static_cast<uint32_t>(step + 24) << 10);
    return static_cast<uint16_t>(sign | encoded);
}

}  // namespace quantface
