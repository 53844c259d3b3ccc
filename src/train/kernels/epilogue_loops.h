// The fused epilogue's loops; see training_kernels.h. Included by the file of each instruction set.
#pragma once

#include <algorithm>
#include <type_traits>

#include "train/kernels/lanes.h"

namespace quantface {
namespace {

// Rows that are gone through channel block by channel block: they stay in the first-level cache. The next
// tile is asked for meanwhile, as the hardware sees no stream in this order.
constexpr int64_t kEpilogueTileRows = 32;

template <typename T>
QF_INLINE void prefetch_next_tile(const T* at, int channels) {
    __builtin_prefetch(at + kEpilogueTileRows * channels);
}

// One register of channels' constants.
struct EpilogueLanes {
    QF_INLINE EpilogueLanes(const FusedEpilogue& epilogue, int channel, bool affine)
        : whole(load(epilogue.whole + channel)),
          multiplier(load(epilogue.multiplier + channel)),
          part(load(epilogue.part + channel)),
          slope(load(epilogue.slope + channel)),
          scale(affine ? load(epilogue.scale + channel) : all(1)),
          shift(affine ? load(epilogue.shift + channel) : all(0)),
          clip_low(all(epilogue.clip_low)),
          clip_high(all(epilogue.clip_high)) {}
    Lanes whole, multiplier, part, slope, scale, shift, clip_low, clip_high;

    QF_INLINE Lanes activate(Lanes r) const {
        const Lanes zero = all(0);
        const Lanes leaked = maximum(r, zero) + minimum(r, zero) * slope;
        return minimum(maximum(leaked, clip_low), clip_high);
    }
};

template <typename T, bool kResidual, bool kAfter, bool kAffine, bool kWhole>
QF_INLINE void epilogue_forward_block(const FusedEpilogue& epilogue, int64_t rows, int channel, int count,
                                      const T* accumulator, const T* residual, T* level) {
    const EpilogueLanes lanes(epilogue, channel, kAffine);
    const Lanes low = all(epilogue.low), high = all(epilogue.high), inverse_step = all(epilogue.inverse_step);
    const Lanes residual_multiplier = all(epilogue.residual_multiplier);
    for (int64_t row = 0; row < rows; ++row) {
        const int64_t at = row * epilogue.channels + channel;
        prefetch_next_tile(accumulator + at, epilogue.channels);
        if constexpr (kResidual) prefetch_next_tile(residual + at, epilogue.channels);
        Lanes r = (load_lanes<kWhole>(accumulator + at, count) + lanes.whole) * lanes.multiplier + lanes.part;
        if constexpr (!kAfter) r = lanes.activate(r);
        if constexpr (kResidual) r = r + load_lanes<kWhole>(residual + at, count) * residual_multiplier;
        if constexpr (kAfter) r = lanes.activate(r);
        if constexpr (kAffine) r = r * lanes.scale + lanes.shift;
        const Lanes scaled = r * inverse_step;
        store_lanes<kWhole>(level + at, round_lanes(minimum(maximum(scaled, low), high)), count);
    }
}

template <typename T, bool kResidual, bool kAfter, bool kAffine>
void epilogue_forward_tiles(const FusedEpilogue& epilogue, int64_t rows, const T* accumulator,
                            const T* residual, T* level) {
    for (int64_t first = 0; first < rows; first += kEpilogueTileRows) {
        const int64_t tile = std::min(kEpilogueTileRows, rows - first), at = first * epilogue.channels;
        const T* residual_tile = kResidual ? residual + at : nullptr;
        int channel = 0;
        for (; channel + kLanes <= epilogue.channels; channel += kLanes) {
            epilogue_forward_block<T, kResidual, kAfter, kAffine, true>(
                epilogue, tile, channel, kLanes, accumulator + at, residual_tile, level + at);
        }
        if (channel < epilogue.channels) {
            epilogue_forward_block<T, kResidual, kAfter, kAffine, false>(
                epilogue, tile, channel, epilogue.channels - channel, accumulator + at, residual_tile,
                level + at);
        }
    }
}

template <typename T, bool kResidual, bool kAfter, bool kAffine, bool kWhole>
QF_INLINE void epilogue_backward_block(const FusedEpilogue& epilogue, int64_t rows, int channel, int count,
                                       const T* accumulator, const T* residual, const T* gradient,
                                       T* gradient_accumulator, T* gradient_residual,
                                       FusedEpilogueSums& sums) {
    const EpilogueLanes lanes(epilogue, channel, kAffine);
    const Lanes zero = all(0);
    const Lanes low = all(epilogue.low - 0.5f), high = all(epilogue.high + 0.5f);
    const Lanes inverse_step = all(epilogue.inverse_step);
    const Lanes residual_multiplier = all(epilogue.residual_multiplier);
    Lanes sum_multiplier{}, sum_bias{}, sum_slope{}, sum_scale{}, sum_shift{}, sum_real{}, sum_clipped{},
        sum_residual{};
    for (int64_t row = 0; row < rows; ++row) {
        const int64_t at = row * epilogue.channels + channel;
        prefetch_next_tile(accumulator + at, epilogue.channels);
        prefetch_next_tile(gradient + at, epilogue.channels);
        if constexpr (kResidual) prefetch_next_tile(residual + at, epilogue.channels);
        const Lanes sum = load_lanes<kWhole>(accumulator + at, count);
        Lanes r = (sum + lanes.whole) * lanes.multiplier + lanes.part;
        Lanes before_activation = r;
        if constexpr (!kAfter) r = lanes.activate(r);
        Lanes from_residual{};
        if constexpr (kResidual) {
            from_residual = load_lanes<kWhole>(residual + at, count);
            r = r + from_residual * residual_multiplier;
        }
        if constexpr (kAfter) {
            before_activation = r;
            r = lanes.activate(r);
        }
        const Lanes before_affine = r;
        if constexpr (kAffine) r = r * lanes.scale + lanes.shift;
        const Lanes scaled = r * inverse_step;

        const Lanes whole = load_lanes<kWhole>(gradient + at, count);
        const LaneInts inside = (scaled >= low) & (scaled <= high);
        Lanes g = inside ? whole : zero;
        sum_clipped += whole - g;
        sum_real += g * scaled;
        g = g * inverse_step;
        if constexpr (kAffine) {
            sum_scale += g * before_affine;
            sum_shift += g;
            g = g * lanes.scale;
        }
        const auto through_activation = [&](Lanes incoming) QF_INLINE_LAMBDA {
            const Lanes leaked =
                maximum(before_activation, zero) + minimum(before_activation, zero) * lanes.slope;
            const LaneInts unclipped = (leaked >= lanes.clip_low) & (leaked <= lanes.clip_high);
            const Lanes kept = unclipped ? incoming : zero;
            sum_slope += kept * minimum(before_activation, zero);
            return before_activation < zero ? kept * lanes.slope : kept;
        };
        if constexpr (kAfter) g = through_activation(g);
        if constexpr (kResidual) {
            sum_residual += g * from_residual;
            store_lanes<kWhole>(gradient_residual + at, g * residual_multiplier, count);
        }
        if constexpr (!kAfter) g = through_activation(g);
        sum_multiplier += g * sum;
        sum_bias += g;
        store_lanes<kWhole>(gradient_accumulator + at, g * lanes.multiplier, count);
    }
    const auto add = [&](float* to, Lanes lanes_to_add) QF_INLINE_LAMBDA {
        store_some(to + channel, load_some(to + channel, count) + lanes_to_add, count);
    };
    add(sums.multiplier, sum_multiplier);
    add(sums.bias, sum_bias);
    add(sums.slope, sum_slope);
    if constexpr (kAffine) {
        add(sums.scale, sum_scale);
        add(sums.shift, sum_shift);
    }
    if constexpr (kResidual) sums.residual_multiplier += sum_of(sum_residual);
    sums.real_over_step += sum_of(sum_real);
    sums.clipped += sum_of(sum_clipped);
}

template <typename T, bool kResidual, bool kAfter, bool kAffine>
void epilogue_backward_tiles(const FusedEpilogue& epilogue, int64_t rows, const T* accumulator,
                             const T* residual, const T* gradient, T* gradient_accumulator,
                             T* gradient_residual, FusedEpilogueSums& sums) {
    for (int64_t first = 0; first < rows; first += kEpilogueTileRows) {
        const int64_t tile = std::min(kEpilogueTileRows, rows - first), at = first * epilogue.channels;
        const T* residual_tile = kResidual ? residual + at : nullptr;
        T* gradient_residual_tile = kResidual ? gradient_residual + at : nullptr;
        int channel = 0;
        for (; channel + kLanes <= epilogue.channels; channel += kLanes) {
            epilogue_backward_block<T, kResidual, kAfter, kAffine, true>(
                epilogue, tile, channel, kLanes, accumulator + at, residual_tile, gradient + at,
                gradient_accumulator + at, gradient_residual_tile, sums);
        }
        if (channel < epilogue.channels) {
            epilogue_backward_block<T, kResidual, kAfter, kAffine, false>(
                epilogue, tile, channel, epilogue.channels - channel, accumulator + at, residual_tile,
                gradient + at, gradient_accumulator + at, gradient_residual_tile, sums);
        }
    }
}

// Calls `run` with the epilogue's form as constants: residual, activation after it, scale and shift.
template <typename Run>
QF_INLINE void with_epilogue_form(const FusedEpilogue& epilogue, bool residual, const Run& run) {
    const bool after = epilogue.activation_after_residual, affine = epilogue.scale != nullptr;
    using Yes = std::true_type;
    using No = std::false_type;
    if (!residual) return affine ? run(No{}, No{}, Yes{}) : run(No{}, No{}, No{});
    if (after) return affine ? run(Yes{}, Yes{}, Yes{}) : run(Yes{}, Yes{}, No{});
    return affine ? run(Yes{}, No{}, Yes{}) : run(Yes{}, No{}, No{});
}

template <typename T>
void epilogue_forward(const FusedEpilogue& epilogue, int64_t rows, const T* accumulator, const T* residual,
                      T* level) {
    with_epilogue_form(epilogue, residual != nullptr, [&](auto has_residual, auto after, auto affine) {
        epilogue_forward_tiles<T, has_residual(), after(), affine()>(epilogue, rows, accumulator, residual,
                                                                     level);
    });
}

template <typename T>
void epilogue_backward(const FusedEpilogue& epilogue, int64_t rows, const T* accumulator, const T* residual,
                       const T* gradient, T* gradient_accumulator, T* gradient_residual,
                       FusedEpilogueSums& sums) {
    with_epilogue_form(epilogue, residual != nullptr, [&](auto has_residual, auto after, auto affine) {
        epilogue_backward_tiles<T, has_residual(), after(), affine()>(
            epilogue, rows, accumulator, residual, gradient, gradient_accumulator, gradient_residual, sums);
    });
}

}  // namespace
}  // namespace quantface
