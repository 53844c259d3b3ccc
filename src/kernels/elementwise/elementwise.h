// Operations on single levels, one pixel's channels at a time: each gives the numbers that an epilogue takes.
// One row of elementwise_kernels() for each instruction set: the same plain loops (loops.h), which compilers
// make vectors of; every operation is rounded by itself, so all give the same bits.
#pragma once

#include <cstdint>
#include <span>

#include "base/cpu_features.h"

namespace quantface {

// One operand: the levels of one pixel and what they mean.
struct ElementwiseOperand {
    const uint8_t* levels = nullptr;
    int32_t zero_point = 0;
    float multiplier = 1;  // not used by `multiply`
};

struct ElementwiseKernel {
    const char* name;
    CpuFeatures needs;
    // numbers[c] = float32(level - zero point) * multiplier[c] + shift[c]
    void (*affine)(const uint8_t* levels, int32_t zero_point, const float* multiplier, const float* shift,
                   int channels, float* numbers);
    // numbers[c] = float32(a - zero point) * multiplier + float32(b - zero point) * multiplier
    void (*add)(const ElementwiseOperand& a, const ElementwiseOperand& b, int channels, float* numbers);
    // numbers[c] = float32((a - zero point) * (b - zero point)) * multiplier
    void (*multiply)(const ElementwiseOperand& a, const ElementwiseOperand& b, float multiplier, int channels,
                     float* numbers);
};

// Slowest first; the first, of whatever the architecture's baseline has, is the reference.
std::span<const ElementwiseKernel> elementwise_kernels();

extern const ElementwiseKernel kElementwisePortable;
#if defined(QUANTFACE_X86_KERNELS)
extern const ElementwiseKernel kElementwiseAvx2;
extern const ElementwiseKernel kElementwiseAvx512;
#endif

// to[i] = table[from[i]]
void look_up_levels(const uint8_t* from, const uint8_t table[256], int64_t count, uint8_t* to);

}  // namespace quantface
