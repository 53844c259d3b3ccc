#include "kernels/conv/conv_blocked.h"

#include <algorithm>

#include "kernels/conv/window_rows.h"

namespace quantface {

namespace {

// Rows of the gathered matrix that are worked on together: as many as stay in the second-level cache beside a
// block of weights, so that weights are read from memory seldom.
constexpr int64_t kTileBytes = 192 * 1024;

constexpr int64_t round_up(int64_t number, int64_t unit) {
    return (number + unit - 1) / unit * unit;
}

// Where the rows of a tile are, and how they get there.
class Rows {
  public:
    Rows(const ConvGeometry& geometry, const GemmKernel& gemm)
        : geometry_(geometry),
          gemm_(gemm),
          depth_(geometry.depth()),
          padded_depth_(round_up(depth_, gemm.packing.depth_unit)),
          pointwise_(geometry.is_pointwise()),
          // A row read in place must end where a group of weights does: what follows it may not be readable.
          in_place_(pointwise_ && !gemm.widen && depth_ == padded_depth_) {}

    int64_t depth_groups() const { return padded_depth_ / gemm_.packing.depth_unit; }
    int64_t row_bytes() const { return padded_depth_ * (gemm_.widen ? 2 : 1); }
    ptrdiff_t stride_bytes() const { return in_place_ ? geometry_.in_channels : row_bytes(); }
    int64_t tile_rows() const {
        const int64_t fitting = kTileBytes / row_bytes() / gemm_.max_rows * gemm_.max_rows;
        return std::min(geometry_.out_pixels(), std::max<int64_t>(fitting, gemm_.max_rows));
    }
    // The tile, and one row of levels before it is widened; the sums of the tile's rows.
    size_t scratch_bytes() const {
        return static_cast<size_t>(sums_offset() + tile_rows() * int64_t{sizeof(int32_t)});
    }

    const std::byte* load(const ConvArguments& arguments, int group, int64_t first_pixel,
                          int64_t count) const {
        const uint8_t* first = arguments.input + first_pixel * geometry_.in_channels +
                               int64_t{group} * geometry_.group_in_channels();
        if (in_place_) return reinterpret_cast<const std::byte*>(first);
        std::byte* tile = arguments.scratch;
        auto* narrow = reinterpret_cast<uint8_t*>(tile + round_up(tile_rows() * row_bytes(), 64));
        for (int64_t row = 0; row < count; ++row) {
            std::byte* to = tile + row * row_bytes();
            const uint8_t* levels = pointwise_ ? first + row * geometry_.in_channels : narrow;
            uint8_t* gathered = gemm_.widen ? narrow : reinterpret_cast<uint8_t*>(to);
            if (!pointwise_) {
                gather_window_row(geometry_, arguments.input, arguments.padding_level, first_pixel + row,
                                  group, gathered);
            } else if (!gemm_.widen) {
                std::copy(levels, levels + depth_, gathered);
            }
            if (gemm_.widen) gemm_.widen(levels, depth_, reinterpret_cast<int16_t*>(to));
            const int64_t depth_bytes = depth_ * (gemm_.widen ? 2 : 1);
            std::fill(to + depth_bytes, to + row_bytes(), std::byte{0});
        }
        return tile;
    }

    // Of the rows that `load` gave.
    const int32_t* sum(const ConvArguments& arguments, const std::byte* tile, int64_t count) const {
        auto* sums = reinterpret_cast<int32_t*>(arguments.scratch + sums_offset());
        gemm_.sum_rows(count, tile, stride_bytes(), depth_, sums);
        return sums;
    }

  private:
    int64_t sums_offset() const {
        return in_place_ ? 0 : round_up(round_up(tile_rows() * row_bytes(), 64) + depth_, 64);
    }

    const ConvGeometry& geometry_;
    const GemmKernel& gemm_;
    int64_t depth_, padded_depth_;
    bool pointwise_, in_place_;
};

}  // namespace

int64_t conv_blocked_packed_bytes(const ConvGeometry& geometry, const GemmPacking& packing) {
    return geometry.groups * round_up(geometry.group_out_channels(), packing.columns) *
           round_up(geometry.depth(), packing.depth_unit);
}

std::vector<int8_t> pack_conv_blocked(const ConvGeometry& geometry, const int8_t* weight,
                                      const GemmPacking& packing) {
    const int64_t depth = geometry.depth();
    const int channels = geometry.group_out_channels();
    const int64_t blocks = round_up(channels, packing.columns) / packing.columns;
    const int64_t block_size = packing.columns * round_up(depth, packing.depth_unit);
    std::vector<int8_t> packed(static_cast<size_t>(conv_blocked_packed_bytes(geometry, packing)));
    for (int channel = 0; channel < geometry.out_channels; ++channel) {
        const int within = channel % channels;
        int8_t* block = packed.data() + (channel / channels * blocks + within / packing.columns) * block_size;
        const int column = within % packing.columns;
        for (int64_t index = 0; index < depth; ++index) {
            const int64_t row = index / packing.depth_unit * packing.columns + column;
            block[row * packing.depth_unit + index % packing.depth_unit] = weight[channel * depth + index];
        }
    }
    return packed;
}

size_t conv_blocked_scratch_bytes(const ConvGeometry& geometry, const GemmKernel& gemm) {
    return Rows(geometry, gemm).scratch_bytes();
}

void convolve_blocked(const ConvArguments& arguments, const GemmKernel& gemm,
                      const EpilogueKernel& epilogue) {
    const ConvGeometry& geometry = *arguments.geometry;
    const Rows rows(geometry, gemm);
    const int columns = gemm.packing.columns;
    const int channels = geometry.group_out_channels();
    const int64_t block_size = rows.depth_groups() * columns * gemm.packing.depth_unit;
    const int64_t group_size = round_up(channels, columns) / columns * block_size;
    alignas(64) int32_t sums[kMaxGemmRows * kMaxGemmColumns];
    for (int group = 0; group < geometry.groups; ++group) {
        for (int64_t pixel = 0; pixel < geometry.out_pixels(); pixel += rows.tile_rows()) {
            const int64_t count = std::min(rows.tile_rows(), geometry.out_pixels() - pixel);
            const std::byte* tile = rows.load(arguments, group, pixel, count);
            const int32_t* level_sums = arguments.weight_offset ? rows.sum(arguments, tile, count) : nullptr;
            const int8_t* block = arguments.weight + group * group_size;
            // Calls of equal height: a last one of few rows would leave the registers idle.
            const int64_t calls = (count + gemm.max_rows - 1) / gemm.max_rows;
            for (int column = 0; column < channels; column += columns, block += block_size) {
                for (int64_t call = 0; call < calls; ++call) {
                    const int64_t begin = count * call / calls, end = count * (call + 1) / calls;
                    const int height = static_cast<int>(end - begin);
                    gemm.multiply(height, tile + begin * rows.stride_bytes(), rows.stride_bytes(), block,
                                  rows.depth_groups(), sums);
                    if (level_sums) {
                        gemm.add_products(height, level_sums + begin,
                                          arguments.weight_offset + group * channels + column, sums);
                    }
                    epilogue.from_accumulators(*arguments.epilogue, arguments.data,
                                               {pixel + begin, height, group * channels + column,
                                                std::min(columns, channels - column), columns},
                                               sums);
                }
            }
        }
    }
}

}  // namespace quantface
