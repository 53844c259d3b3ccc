// Operations on single levels, one pixel's channels at a time: each gives the numbers that an epilogue takes.
// Plain loops, which compilers vectorise; exact in any order, so there is one version for all CPUs.
#pragma once

#include <cstdint>

namespace quantface {

// One operand: the levels of one pixel and what they mean.
struct ElementwiseOperand {
    const uint8_t* levels = nullptr;
    int32_t zero_point = 0;
    float multiplier = 1;  // not used by multiply_levels
};

// numbers[c] = float32(level - zero point) * multiplier[c] + shift[c]
void affine_levels(const uint8_t* levels, int32_t zero_point, const float* multiplier, const float* shift,
                   int channels, float* numbers);
// numbers[c] = float32(a - zero point) * multiplier + float32(b - zero point) * multiplier
void add_levels(const ElementwiseOperand& a, const ElementwiseOperand& b, int channels, float* numbers);
// numbers[c] = float32((a - zero point) * (b - zero point)) * multiplier
void multiply_levels(const ElementwiseOperand& a, const ElementwiseOperand& b, float multiplier, int channels,
                     float* numbers);
// to[i] = table[from[i]]
void look_up_levels(const uint8_t* from, const uint8_t table[256], int64_t count, uint8_t* to);

}  // namespace quantface
