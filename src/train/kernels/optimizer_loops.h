// The optimizer's loops; see training_kernels.h. Included by the file of each instruction set.
#pragma once

#include <algorithm>
#include <cmath>

#include "train/kernels/lanes.h"

namespace quantface {
namespace {

QF_INLINE Lanes square_root(Lanes lanes) {
    for (int lane = 0; lane < kLanes; ++lane) lanes[lane] = std::sqrt(lanes[lane]);
    return lanes;
}

template <bool kWhole>
QF_INLINE void adam_lanes(const AdamStep& step, int count, const float* gradient, float* parameter,
                          float* first, float* second, float* average) {
    const Lanes old = load_lanes<kWhole>(parameter, count);
    const Lanes g =
        load_lanes<kWhole>(gradient, count) * all(step.gradient_factor) + old * all(step.weight_decay);
    const Lanes m = load_lanes<kWhole>(first, count) * all(step.beta1) + g * all(1 - step.beta1);
    const Lanes v = load_lanes<kWhole>(second, count) * all(step.beta2) + g * g * all(1 - step.beta2);
    const Lanes spread = square_root(v * all(step.second_factor)) + all(step.epsilon);
    const Lanes present = old - all(step.rate) * m / spread;
    store_lanes<kWhole>(first, m, count);
    store_lanes<kWhole>(second, v, count);
    store_lanes<kWhole>(parameter, present, count);
    if (average == nullptr) return;
    const Lanes kept = load_lanes<kWhole>(average, count) * all(step.average_decay);
    store_lanes<kWhole>(average, kept + present * all(1 - step.average_decay), count);
}

inline void adam(const AdamStep& step, int64_t count, const float* gradient, float* parameter, float* first,
                 float* second, float* average) {
    const auto from = [&](int64_t at) { return average == nullptr ? nullptr : average + at; };
    int64_t at = 0;
    for (; at + kLanes <= count; at += kLanes) {
        adam_lanes<true>(step, kLanes, gradient + at, parameter + at, first + at, second + at, from(at));
    }
    if (at < count) {
        adam_lanes<false>(step, static_cast<int>(count - at), gradient + at, parameter + at, first + at,
                          second + at, from(at));
    }
}

inline double sum_of_squares(int64_t count, const float* numbers) {
    // Short sums in float32.
    constexpr int64_t kBlock = 1024;
    double sum = 0;
    for (int64_t first = 0; first < count; first += kBlock) {
        const int64_t last = std::min(count, first + kBlock);
        Lanes squares{};
        int64_t at = first;
        for (; at + kLanes <= last; at += kLanes) squares += load(numbers + at) * load(numbers + at);
        if (at < last) {
            const Lanes rest = load_some(numbers + at, static_cast<int>(last - at));
            squares += rest * rest;
        }
        sum += sum_of(squares);
    }
    return sum;
}

}  // namespace
}  // namespace quantface
