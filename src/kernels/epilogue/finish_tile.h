// The epilogue on a tile of sums or numbers in registers, whatever the registers are. All in an unnamed
// namespace, so that each file has its own, compiled for its instruction set: a shared inline function could
// be the copy that the linker keeps for everybody.
//
// Isa (lanes_avx2.h, ...) tells what that set does:
//   Number, Whole, kLanes         a register of kLanes float32 numbers, or of as many int32
//   load(const float*), load(const int32_t*), broadcast(float), broadcast(int32_t)
//   add, multiply                 of numbers and of whole numbers
//   to_number(Whole)              rounds to nearest even
//   prelu(r, slope)               r < 0 ? r * slope : r
//   clip(r, low, high)            std::min(std::max(r, low), high), zeros' signs included
//   offsets(levels, count, zero)  float32(level - zero) of the first `count` levels; none past them is read
//   LevelRange(output)            what store_levels wants to know of an output
//   store_levels<fits_int32, vectors>(to, count, numbers, range), store_numbers(to, count, number)
#pragma once

#include "kernels/epilogue/epilogue.h"

namespace quantface {

namespace {

// Where a tile is: kRows consecutive pixels, `channels` channels from first_channel on.
struct TilePlace {
    int64_t first_pixel;
    int first_channel;
    int channels;
};

template <typename Isa, int kRows, int kVectors>
using Numbers = typename Isa::Number[kRows][kVectors];

template <typename Isa, int kRows, int kVectors>
[[gnu::always_inline]] inline void activate(const EpilogueParams& params, int first_channel,
                                            Numbers<Isa, kRows, kVectors>& r) {
    if (params.activation == EpilogueActivation::kPRelu) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            const auto slope = Isa::load(params.slope + first_channel + Isa::kLanes * v);
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) r[row][v] = Isa::prelu(r[row][v], slope);
        }
    } else if (params.activation == EpilogueActivation::kClip) {
        const auto low = Isa::broadcast(params.clip_low), high = Isa::broadcast(params.clip_high);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) r[row][v] = Isa::clip(r[row][v], low, high);
        }
    }
}

// residual: the tile's first level.
template <typename Isa, int kRows, int kVectors>
[[gnu::always_inline]] inline void add_residual(const EpilogueParams& params, const uint8_t* residual,
                                                int channels, Numbers<Isa, kRows, kVectors>& r) {
    const auto multiplier = Isa::broadcast(params.residual_multiplier);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            const uint8_t* levels =
                residual + static_cast<ptrdiff_t>(row) * params.channels + Isa::kLanes * v;
            const auto offsets = Isa::offsets(levels, channels - Isa::kLanes * v, params.residual_zero_point);
            r[row][v] = Isa::add(r[row][v], Isa::multiply(offsets, multiplier));
        }
    }
}

// An output's number of r.
template <typename Isa>
[[gnu::always_inline]] inline typename Isa::Number scaled(const EpilogueOutput& output, int channel,
                                                          typename Isa::Number r) {
    return Isa::add(Isa::multiply(r, Isa::load(output.scale + channel)), Isa::load(output.shift + channel));
}

template <bool kScaled, bool kFitsInt32, typename Isa, int kRows, int kVectors>
[[gnu::always_inline]] inline void write_levels(const EpilogueParams& params, const EpilogueOutput& output,
                                                uint8_t* levels, const TilePlace& place,
                                                const Numbers<Isa, kRows, kVectors>& r) {
    const typename Isa::LevelRange range(output);
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
        typename Isa::Number number[kVectors];
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            number[v] =
                kScaled ? scaled<Isa>(output, place.first_channel + Isa::kLanes * v, r[row][v]) : r[row][v];
        }
        Isa::template store_levels<kFitsInt32, kVectors>(
            levels + static_cast<ptrdiff_t>(row) * params.channels, place.channels, number, range);
    }
}

template <typename Isa, int kRows, int kVectors>
[[gnu::always_inline]] inline void write_numbers(const EpilogueParams& params, const EpilogueOutput& output,
                                                 float* numbers, const TilePlace& place,
                                                 const Numbers<Isa, kRows, kVectors>& r) {
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            const auto number = output.scale
                                    ? scaled<Isa>(output, place.first_channel + Isa::kLanes * v, r[row][v])
                                    : r[row][v];
            Isa::store_numbers(numbers + static_cast<ptrdiff_t>(row) * params.channels + Isa::kLanes * v,
                               place.channels - Isa::kLanes * v, number);
        }
    }
}

template <typename Isa, int kRows, int kVectors>
[[gnu::always_inline]] inline void write_output(const EpilogueParams& params, const EpilogueOutput& output,
                                                void* data, const TilePlace& place,
                                                const Numbers<Isa, kRows, kVectors>& r) {
    const int64_t at = place.first_pixel * params.channels + place.first_channel;
    auto* levels = static_cast<uint8_t*>(data) + at;
    if (output.is_float) {
        write_numbers<Isa, kRows, kVectors>(params, output, static_cast<float*>(data) + at, place, r);
    } else if (!params.fits_int32 && output.scale) {
        write_levels<true, false, Isa, kRows, kVectors>(params, output, levels, place, r);
    } else if (!params.fits_int32) {
        write_levels<false, false, Isa, kRows, kVectors>(params, output, levels, place, r);
    } else if (output.scale) {
        write_levels<true, true, Isa, kRows, kVectors>(params, output, levels, place, r);
    } else {
        write_levels<false, true, Isa, kRows, kVectors>(params, output, levels, place, r);
    }
}

// From numbers r on. Vectors past place.channels stay unused.
template <typename Isa, int kRows, int kVectors>
[[gnu::always_inline]] inline void finish_numbers(const EpilogueParams& params, const EpilogueData& data,
                                                  const TilePlace& place, Numbers<Isa, kRows, kVectors>& r) {
    if (!params.activation_after_residual) activate<Isa, kRows, kVectors>(params, place.first_channel, r);
    if (params.has_residual) {
        const uint8_t* residual = data.residual + place.first_pixel * params.channels + place.first_channel;
        add_residual<Isa, kRows, kVectors>(params, residual, place.channels, r);
    }
    if (params.activation_after_residual) activate<Isa, kRows, kVectors>(params, place.first_channel, r);
    for (int index = 0; index < params.output_count; ++index) {
        write_output<Isa, kRows, kVectors>(params, params.outputs[index], data.outputs[index], place, r);
    }
}

// Asymmetric weights: the offset of a channel's weights times the sum of the row's levels. level_sums may be
// null: there are none.
template <typename Isa, int kRows, int kVectors>
[[gnu::always_inline]] inline void add_level_sums(const int32_t* level_sums, const int32_t* weight_offset,
                                                  int first_channel,
                                                  typename Isa::Whole (&sums)[kRows][kVectors]) {
    if (!level_sums) return;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
        const auto offset = Isa::load(weight_offset + first_channel + Isa::kLanes * v);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row) {
            sums[row][v] = Isa::add(sums[row][v], Isa::multiply(Isa::broadcast(level_sums[row]), offset));
        }
    }
}

// From sums that hold the bias already.
template <typename Isa, int kRows, int kVectors>
[[gnu::always_inline]] inline void finish_sums(const EpilogueParams& params, const EpilogueData& data,
                                               const TilePlace& place,
                                               const typename Isa::Whole (&sums)[kRows][kVectors]) {
    Numbers<Isa, kRows, kVectors> r;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
        const auto multiplier = Isa::load(params.multiplier + place.first_channel + Isa::kLanes * v);
#pragma GCC unroll 8
        for (int row = 0; row < kRows; ++row)
            r[row][v] = Isa::multiply(Isa::to_number(sums[row][v]), multiplier);
    }
    if (params.addend) {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
            const auto addend = Isa::load(params.addend + place.first_channel + Isa::kLanes * v);
#pragma GCC unroll 8
            for (int row = 0; row < kRows; ++row) r[row][v] = Isa::add(r[row][v], addend);
        }
    }
    finish_numbers<Isa, kRows, kVectors>(params, data, place, r);
}

}  // namespace

}  // namespace quantface
