// The numerics law: what a quantized number means, and how an accumulator becomes one. Every kernel of every
// instruction set gives exactly the bits that these functions give.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace quantface {

constexpr int kMinBits = 2;
constexpr int kMaxBits = 8;

// q = clamp(round_half_to_even(x / scale) + zero_point, 0, 2^bits - 1); x ~ (q - zero_point) * scale.
struct QuantParams {
    int bits = 8;            // 2..8
    float scale = 1;         // > 0, finite
    int32_t zero_point = 0;  // 0..2^bits - 1
    bool operator==(const QuantParams&) const = default;
    int32_t max_level() const { return (1 << bits) - 1; }
};

// Symmetric weights: the levels are -(2^(bits-1) - 1) .. 2^(bits-1) - 1, zero exactly at 0. Asymmetric ones
// have all levels 0 .. 2^bits - 1 and a zero point among them for each output channel.
constexpr int32_t weight_limit(int bits) {
    return (1 << (bits - 1)) - 1;
}

// Rounds to the nearest integer, ties to even, whatever the current rounding mode's default says: needs the
// default mode (nearest), which nothing in this project changes.
inline float round_half_to_even(float x) {
    return std::nearbyintf(x);
}

// The last step of every quantized operation. `real` is in units of the output's scale. The clamp comes
// before the rounding; as the bounds are integers the result is the same, and the conversion cannot overflow.
// real is not NaN.
inline uint8_t quantize_level(float real, int32_t zero_point, int32_t max_level) {
    const float low = static_cast<float>(-zero_point);
    const float high = static_cast<float>(max_level - zero_point);
    const float clamped = std::min(std::max(real, low), high);
    return static_cast<uint8_t>(static_cast<int32_t>(round_half_to_even(clamped)) + zero_point);
}

inline uint8_t quantize(float x, const QuantParams& params) {
    return quantize_level(x / params.scale, params.zero_point, params.max_level());
}

inline float dequantize(int32_t level, const QuantParams& params) {
    return static_cast<float>(level - params.zero_point) * params.scale;
}

}  // namespace quantface
