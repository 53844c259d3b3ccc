// The loops of every row of elementwise_kernels(), in an unnamed namespace so that each file has its own.
#pragma once

#include "kernels/elementwise/elementwise.h"

namespace quantface {

namespace {

void affine_levels(const uint8_t* levels, int32_t zero_point, const float* multiplier, const float* shift,
                   int channels, float* numbers) {
    for (int channel = 0; channel < channels; ++channel) {
        numbers[channel] =
            static_cast<float>(levels[channel] - zero_point) * multiplier[channel] + shift[channel];
    }
}

void add_levels(const ElementwiseOperand& a, const ElementwiseOperand& b, int channels, float* numbers) {
    for (int channel = 0; channel < channels; ++channel) {
        numbers[channel] = static_cast<float>(a.levels[channel] - a.zero_point) * a.multiplier +
                           static_cast<float>(b.levels[channel] - b.zero_point) * b.multiplier;
    }
}

void multiply_levels(const ElementwiseOperand& a, const ElementwiseOperand& b, float multiplier, int channels,
                     float* numbers) {
    for (int channel = 0; channel < channels; ++channel) {
        const int32_t product = (a.levels[channel] - a.zero_point) * (b.levels[channel] - b.zero_point);
        numbers[channel] = static_cast<float>(product) * multiplier;
    }
}

constexpr ElementwiseKernel elementwise_kernel(const char* name, CpuFeatures needs) {
    return {name, needs, affine_levels, add_levels, multiply_levels};
}

}  // namespace

}  // namespace quantface
