// What a student learns, part by part, and the levels that these numbers stand for. (The units: see
// parameter_kind.h.)
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <vector>

#include "graph/graph.h"
#include "quantize/fusion.h"

namespace quantface {

// Of a convolution's weights, one entry for each output channel. Observed quantizers find it anew each time.
struct WeightLevelGrid {
    at::Tensor log_scale;        // relative to the starting scale
    at::Tensor lowest, highest;  // bounds of the centred levels
};

struct LearnedConv {
    int bits = 8;
    bool observed = false;
    at::Tensor start_scale;                // (C)
    at::Tensor weight, log_scale, offset;  // parameters; offset: of the bias
    at::Tensor lowest, highest;            // learned quantizers: of the grid
    at::Tensor start_bias, bias_unit;

    WeightLevelGrid grid() const;
    at::Tensor bias() const;
    // Whole numbers, gradients straight through.
    at::Tensor levels(const WeightLevelGrid& grid) const;
};

struct LearnedAffine {
    at::Tensor start_scale, start_shift, shift_unit;
    at::Tensor gain, offset;  // parameters

    at::Tensor scale() const;
    at::Tensor shift() const;
};

struct LearnedRange {
    int bits = 8;
    bool observed = false;
    at::Tensor start_step;
    at::Tensor log_step, learned_zero_point;  // parameters of learned quantizers
    at::Tensor low, high;                     // of observed ones

    double largest() const { return (1 << bits) - 1; }
    at::Tensor step() const;
    at::Tensor zero_point() const;
    void widen(const at::Tensor& numbers) const;
};

struct StudentNumbers {
    std::map<int, LearnedConv> convs;         // by node
    std::map<int, at::Tensor> slopes;         // by activation node
    std::map<int, LearnedAffine> affines;     // by node
    std::map<ValueId, LearnedRange> ranges;   // by the value that owns it
    std::map<ValueId, ValueId> shares_range;  // value -> owner: a maximum has the levels of what it reads

    const LearnedRange& range_of(ValueId value) const { return ranges.at(shares_range.at(value)); }
};

}  // namespace quantface
