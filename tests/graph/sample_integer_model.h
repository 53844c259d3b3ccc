// Small valid integer models for tests.
#pragma once

#include <cstdint>

#include "graph/integer_model.h"

namespace quantface {

// 3x8x8 pixels to 10 numbers through every kind of operation, activation, residual and output there is; the
// numbers are drawn from the seed. bits: 2..8.
IntegerModel sample_model(int weight_bits, int activation_bits, uint64_t seed = 1);

// The model with asymmetric weights: all levels, the extremes among them, zero points at both ends and
// between.
IntegerModel with_asymmetric_weights(IntegerModel model, uint64_t seed = 1);

// A convolution of one node over 3x2x2 pixels to 2 numbers: the smallest sensible file.
IntegerModel tiny_model();

// A convolution with random weights, multipliers, bias and PReLU slopes as trained networks have them. Its
// outputs are left to the caller.
IntegerConv random_conv(int in_channels, int out_channels, int kernel, int groups, int weight_bits,
                        uint64_t seed);

// The sizes of a MobileFaceNet: about 976,000 weights, 9,800 output channels in 50 convolutions and 7,300
// slopes.
IntegerModel mobile_sized_model(int weight_bits);

// Field by field, floats by their bits.
bool same_model(const IntegerModel& a, const IntegerModel& b);

}  // namespace quantface
