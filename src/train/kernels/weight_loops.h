// Weights to levels; see training_kernels.h. Included by the file of each instruction set.
#pragma once

#include "train/kernels/lanes.h"

namespace quantface {
namespace {

inline void weight_levels(const WeightRows& rows, const float* weight, float* level, int64_t first,
                          int64_t last) {
    for (int64_t row = first; row < last; ++row) {
        const Lanes factor = all(rows.factor[row]), low = all(rows.low[row]), high = all(rows.high[row]);
        const float* from = weight + row * rows.columns;
        float* to = level + row * rows.columns;
        for_each_register(rows.columns, [&](int64_t column, int count, auto whole) QF_INLINE_LAMBDA {
            const Lanes scaled = load_lanes<whole()>(from + column, count) * factor;
            store_lanes<whole()>(to + column, round_lanes(minimum(maximum(scaled, low), high)), count);
        });
    }
}

inline void weight_levels_backward(const WeightRows& rows, const float* weight, const float* gradient,
                                   float* gradient_weight, float* gradient_log_factor, int64_t first,
                                   int64_t last) {
    for (int64_t row = first; row < last; ++row) {
        const Lanes factor = all(rows.factor[row]);
        const Lanes low = all(rows.low[row] - 0.5f), high = all(rows.high[row] + 0.5f);
        const int64_t at = row * rows.columns;
        Lanes sum{};
        for_each_register(rows.columns, [&](int64_t column, int count, auto whole) QF_INLINE_LAMBDA {
            const Lanes scaled = load_lanes<whole()>(weight + at + column, count) * factor;
            const LaneInts inside = (scaled >= low) & (scaled <= high);
            const Lanes kept = inside ? load_lanes<whole()>(gradient + at + column, count) : all(0);
            store_lanes<whole()>(gradient_weight + at + column, kept * factor, count);
            sum += kept * scaled;
        });
        gradient_log_factor[row] = static_cast<float>(sum_of(sum));
    }
}

}  // namespace
}  // namespace quantface
