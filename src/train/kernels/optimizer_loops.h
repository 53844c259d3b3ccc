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

inline void adam(const AdamStep& step, int64_t numbers, const float* gradient, float* parameter, float* first,
                 float* second, float* average) {
    for_each_register(numbers, [&](int64_t at, int count, auto whole) QF_INLINE_LAMBDA {
        const auto from = [&](const float* array)
                              QF_INLINE_LAMBDA { return load_lanes<whole()>(array + at, count); };
        const auto to = [&](float* array, Lanes lanes)
                            QF_INLINE_LAMBDA { store_lanes<whole()>(array + at, lanes, count); };
        const Lanes old = from(parameter);
        const Lanes g = from(gradient) * all(step.gradient_factor) + old * all(step.weight_decay);
        const Lanes m = from(first) * all(step.beta1) + g * all(1 - step.beta1);
        const Lanes v = from(second) * all(step.beta2) + g * g * all(1 - step.beta2);
        const Lanes spread = square_root(v * all(step.second_factor)) + all(step.epsilon);
        const Lanes present = old - all(step.rate) * m / spread;
        to(first, m);
        to(second, v);
        to(parameter, present);
        if (average == nullptr) return;
        to(average, from(average) * all(step.average_decay) + present * all(1 - step.average_decay));
    });
}

inline double sum_of_squares(int64_t count, const float* numbers) {
    // Short sums in float32.
    constexpr int64_t kBlock = 1024;
    double sum = 0;
    for (int64_t first = 0; first < count; first += kBlock) {
        Lanes squares{};
        for_each_register(std::min(kBlock, count - first),
                          [&](int64_t at, int some, auto whole) QF_INLINE_LAMBDA {
                              const Lanes lanes = load_lanes<whole()>(numbers + first + at, some);
                              squares += lanes * lanes;
                          });
        sum += sum_of(squares);
    }
    return sum;
}

}  // namespace
}  // namespace quantface
