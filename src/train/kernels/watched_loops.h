// The watched activation's loops; see training_kernels.h. Included by the file of each instruction set.
#pragma once

#include <algorithm>
#include <type_traits>

#include "train/kernels/lanes.h"

namespace quantface {
namespace {

// Rows whose sums are taken in float32 before they are added to the double ones.
constexpr int64_t kWatchedTileRows = 32;

// One register of channels' constants.
struct WatchedLanes {
    QF_INLINE WatchedLanes(const WatchedActivation& form, int channel)
        : scale(load(form.scale + channel)),
          shift(load(form.shift + channel)),
          slope(load(form.slope + channel)),
          centre(load(form.centre + channel)),
          high(all(form.high)) {}
    Lanes scale, shift, slope, centre, high;
};

template <typename T, bool kWhole>
QF_INLINE void watched_forward_block(const WatchedActivation& form, int64_t rows, int channel, int count,
                                     const T* input, T* output, double* sums, double* squares) {
    const WatchedLanes lanes(form, channel);
    const Lanes zero = all(0);
    Lanes sum{}, square{};
    for (int64_t row = 0; row < rows; ++row) {
        const int64_t at = row * form.channels + channel;
        const Lanes x = load_lanes<kWhole>(input + at, count);
        const Lanes off = x - lanes.centre;
        sum += off;
        square += off * off;
        const Lanes r = x * lanes.scale + lanes.shift;
        store_lanes<kWhole>(output + at,
                            minimum(maximum(r, zero) + minimum(r, zero) * lanes.slope, lanes.high), count);
    }
    for (int lane = 0; lane < count; ++lane) {
        sums[channel + lane] += static_cast<double>(sum[lane]);
        squares[channel + lane] += static_cast<double>(square[lane]);
    }
}

template <typename T>
void watched_forward(const WatchedActivation& form, int64_t rows, const T* input, T* output, double* sums,
                     double* squares) {
    for (int64_t first = 0; first < rows; first += kWatchedTileRows) {
        const int64_t tile = std::min(kWatchedTileRows, rows - first), at = first * form.channels;
        for_each_register(form.channels, [&](int64_t channel, int count, auto whole) QF_INLINE_LAMBDA {
            watched_forward_block<T, decltype(whole)::value>(form, tile, static_cast<int>(channel), count,
                                                             input + at, output + at, sums, squares);
        });
    }
}

template <typename T>
void watched_backward(const WatchedActivation& form, int64_t rows, const T* input, const T* gradient,
                      const float* constant, const float* linear, T* gradient_input) {
    const Lanes zero = all(0);
    for (int64_t first = 0; first < rows; first += kWatchedTileRows) {
        const int64_t tile = std::min(kWatchedTileRows, rows - first), start = first * form.channels;
        for_each_register(form.channels, [&](int64_t channel, int count, auto whole) QF_INLINE_LAMBDA {
            constexpr bool kWhole = decltype(whole)::value;
            const WatchedLanes lanes(form, static_cast<int>(channel));
            const Lanes add = load(constant + channel), factor = load(linear + channel);
            for (int64_t row = 0; row < tile; ++row) {
                const int64_t at = start + row * form.channels + channel;
                const Lanes x = load_lanes<kWhole>(input + at, count);
                const Lanes g = load_lanes<kWhole>(gradient + at, count);
                const Lanes r = x * lanes.scale + lanes.shift;
                const Lanes passed = r > zero ? (r < lanes.high ? g : zero) : g * lanes.slope;
                store_lanes<kWhole>(gradient_input + at,
                                    passed * lanes.scale + add + (x - lanes.centre) * factor, count);
            }
        });
    }
}

}  // namespace
}  // namespace quantface
