// Floors, powers of two and logarithms (good to about 2e-5) from additions and multiplications alone: quick,
// and the same on every machine.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace quantface {

// Without SSE4.1 std::floor is a call of the library.
inline int fast_floor(float x) {
    const int whole = static_cast<int>(x);
    return whole - (x < static_cast<float>(whole) ? 1 : 0);
}

// 2^x for x in [-126, 126], clamped.
inline float fast_exp2(float x) {
    x = std::clamp(x, -126.0f, 126.0f);
    const int32_t whole = fast_floor(x);
    const float t = x - static_cast<float>(whole);
    const float mantissa = 1 + t * (0.69299566f + t * (0.2415656f + t * (0.05175228f + t * 0.0136865f)));
    return mantissa * std::bit_cast<float>((whole + 127) << 23);
}

// log2 x for positive normal x.
inline float fast_log2(float x) {
    const auto bits = std::bit_cast<int32_t>(x);
    const auto exponent = static_cast<float>((bits >> 23) - 127);
    const float m = std::bit_cast<float>((bits & 0x7fffff) | 0x3f800000);
    const float t = m - 1;
    return exponent +
           t * (1.4417403f + t * (-0.7077702f + t * (0.4123442f + t * (-0.1903190f + t * 0.0440047f))));
}

// x^y for positive x.
inline float fast_pow(float x, float y) {
    return x < 1e-30f ? 0.0f : fast_exp2(y * fast_log2(x));
}

}  // namespace quantface
