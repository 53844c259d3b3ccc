// A convolution's multipliers and biases as the integer engine keeps them (graph/integer_model.h): binary16
// multipliers over a common power of two, biases in parts of an accumulator's unit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quantface {

struct StoredMultipliers {
    int exponent = 0;
    std::vector<float> multiplier;  // one for each output channel, as stored, > 0

    // Whether the channel's wanted multiplier lies so far below what is stored that its weights need a
    // coarser grid: a channel too faint (a dead one, mostly) for the range of the others.
    bool too_coarse(size_t channel, double wanted) const;
};

// wanted: in output levels for a unit of the accumulator; 0 for a channel without weights, whose scale says
// nothing and must not crowd out the others'. bias: in output levels; it, too, has to stay a modest integer.
StoredMultipliers store_multipliers(const std::vector<double>& wanted, const std::vector<double>& bias);

struct StoredBiases {
    int fraction_bits = 0;      // so many that rounding costs no more than a small part of an output level
    std::vector<int32_t> bias;  // in units of the accumulator / 2^fraction_bits
};

// wanted: in units of the accumulator.
StoredBiases store_biases(const std::vector<double>& wanted, const StoredMultipliers& multipliers);

}  // namespace quantface
