#include "kernels/conv/conv_blocked.h"

#include <algorithm>
#include <cstring>

#include "kernels/conv/conv_rows.h"

namespace quantface {

namespace {

// Where the blocks of columns of one group lie in the packed weights.
class BlockLayout {
  public:
    BlockLayout(const GemmPacking& packing, const ConvRows& rows, int channels)
        : packing_(packing), depth_groups_(rows.depth_groups()), channels_(channels) {}

    // Columns of the block that begins with `channel`, filled up.
    int width(int channel) const {
        const int left = std::min(packing_.columns, channels_ - channel);
        return (left + packing_.column_unit - 1) / packing_.column_unit * packing_.column_unit;
    }
    int64_t head_bytes(int width) const {
        return packing_.level_offset != 0 ? width * int64_t{sizeof(int32_t)} : 0;
    }
    // All blocks but the last have the full width. channel: a multiple of packing.columns.
    int64_t offset(int channel) const { return channel / packing_.columns * bytes(packing_.columns); }
    std::span<const std::byte> block(const int8_t* weights, int channel) const {
        return {reinterpret_cast<const std::byte*>(weights) + offset(channel),
                static_cast<size_t>(bytes(width(channel)))};
    }
    int64_t total_bytes() const {
        const int last = (channels_ - 1) / packing_.columns * packing_.columns;
        return offset(last) + bytes(width(last));
    }

  private:
    int64_t bytes(int width) const { return head_bytes(width) + depth_groups_ * width * packing_.depth_unit; }
    const GemmPacking& packing_;
    int64_t depth_groups_;
    int channels_;
};

void pack_column(const GemmPacking& packing, const ConvRows& rows, const int8_t* weight, int column,
                 int width, int8_t* groups) {
    const int64_t unit = packing.depth_unit;
    for (int64_t piece = 0; piece < rows.pieces; ++piece) {
        for (int64_t group = 0; group < rows.piece_groups; ++group) {
            const int64_t count = std::min(unit, rows.piece_depth - group * unit);
            memcpy(groups + ((piece * rows.piece_groups + group) * width + column) * unit,
                   weight + piece * rows.piece_depth + group * unit, static_cast<size_t>(count));
        }
    }
}

// Weights are used once an image, and all of a large network are more than caches hold: while one block is
// multiplied the next one is fetched, some of it with each depth group of each call.
class Prefetch {
  public:
    Prefetch(std::span<const std::byte> memory, int64_t calls, int64_t depth_groups)
        : from_(memory.data()),
          step_(static_cast<int64_t>(memory.size()) / (calls * depth_groups)),
          depth_groups_(depth_groups) {}

    void give(GemmTask& task) {
        task.prefetch = from_;
        task.prefetch_step = step_;
        from_ += step_ * depth_groups_;
    }

  private:
    const std::byte* from_;
    int64_t step_, depth_groups_;
};

}  // namespace

int64_t conv_blocked_packed_bytes(const GemmKernel& gemm, const ConvGeometry& geometry) {
    const ConvRows rows(gemm, geometry);
    return geometry.groups * BlockLayout(gemm.packing, rows, geometry.group_out_channels()).total_bytes();
}

void pack_conv_blocked(const GemmKernel& gemm, const ConvGeometry& geometry, const int8_t* weight,
                       int8_t* packed) {
    const GemmPacking& packing = gemm.packing;
    const ConvRows rows(gemm, geometry);
    const int channels = geometry.group_out_channels();
    const BlockLayout layout(packing, rows, channels);
    const int64_t depth = geometry.depth();
    for (int channel = 0; channel < geometry.out_channels; ++channel, weight += depth) {
        const int within = channel % channels, column = within % packing.columns;
        const int width = layout.width(within - column);
        int8_t* block = packed + channel / channels * layout.total_bytes() + layout.offset(within - column);
        if (packing.level_offset != 0) {
            int32_t sum = 0;
            for (int64_t entry = 0; entry < depth; ++entry) sum += weight[entry];
            sum *= packing.level_offset;
            memcpy(block + column * sizeof sum, &sum, sizeof sum);
        }
        pack_column(packing, rows, weight, column, width, block + layout.head_bytes(width));
    }
}

size_t conv_blocked_scratch_bytes(const GemmKernel& gemm, const ConvGeometry& geometry) {
    return ConvPanel::scratch_bytes(ConvRows(gemm, geometry));
}

void convolve_blocked(const GemmKernel& gemm, const ConvArguments& arguments, const ConvPart& part) {
    const ConvGeometry& geometry = *arguments.geometry;
    const ConvRows rows(gemm, geometry);
    const int channels = geometry.group_out_channels();
    const BlockLayout layout(gemm.packing, rows, channels);
    ConvPanel panel(gemm, rows, arguments);
    GemmTask task;
    task.pieces = rows.pieces;
    task.piece_groups = rows.piece_groups;
    task.weight_offset = arguments.weight_offset;
    task.groups_in_int16 = std::max(32767 / (2 * std::max(arguments.largest_product, 1)), 1);
    task.epilogue = arguments.epilogue;
    task.data = &arguments.data;
    // Without groups the part's channels; with groups all of every group.
    const int first = geometry.groups == 1 ? part.first_channel : 0;
    const int end = geometry.groups == 1 ? part.end_channel : channels;
    for (int group = 0; group < geometry.groups; ++group) {
        const int8_t* weights = arguments.weight + group * layout.total_bytes();
        for (int64_t pixel = part.first_pixel; pixel < part.end_pixel; pixel += rows.panel_rows) {
            const int64_t count = std::min(rows.panel_rows, part.end_pixel - pixel);
            panel.load(group, pixel, count);
            // Calls of equal height: a last one of few rows would leave the registers idle.
            const int64_t calls = (count + gemm.max_rows - 1) / gemm.max_rows;
            for (int channel = first; channel < end; channel += gemm.packing.columns) {
                task.weights = weights + layout.offset(channel);
                task.columns = std::min(gemm.packing.columns, end - channel);
                task.first_channel = group * channels + channel;
                Prefetch prefetch(channel + gemm.packing.columns < end
                                      ? layout.block(weights, channel + gemm.packing.columns)
                                      : arguments.next_weight,
                                  calls, rows.depth_groups());
                for (int64_t call = 0; call < calls; ++call) {
                    prefetch.give(task);
                    const int64_t row = count * call / calls;
                    task.row_count = static_cast<int>(count * (call + 1) / calls - row);
                    task.rows = panel.pieces(row);
                    task.level_sums = panel.level_sums(row);
                    task.first_pixel = pixel + row;
                    gemm.run(task);
                }
            }
        }
    }
}

}  // namespace quantface
