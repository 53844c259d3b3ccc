// The loop of a peak: an instruction, or a few, on each of many registers of sums. In an unnamed namespace,
// so that each file has its own, compiled for its instruction set.
#pragma once

#include <cstdint>

namespace quantface {

namespace {

// add(sum) for each register of sums and each step. Sums are read as one register at the end, so that no
// compiler leaves them out.
template <typename Vector, int kSums, typename Add>
int32_t run_peak_loop(int64_t steps, Add add) {
    Vector sums[kSums];
#pragma GCC unroll 32
    for (int index = 0; index < kSums; ++index) sums[index] = Vector{};
    for (int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 32
        for (int index = 0; index < kSums; ++index) add(sums[index]);
    }
    Vector all{};
#pragma GCC unroll 32
    for (int index = 0; index < kSums; ++index) all ^= sums[index];
    return static_cast<int32_t>(all[0]);
}

}  // namespace

}  // namespace quantface
