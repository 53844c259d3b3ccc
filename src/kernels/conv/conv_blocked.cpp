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
          end_(memory.data() + memory.size()),
          step_(static_cast<int64_t>(memory.size()) / (calls * depth_groups)) {}

    void give(GemmTask& task) {
        task.prefetch = from_;
        task.prefetch_step = step_;
        from_ += step_ * task.pieces * task.piece_groups;
        if (from_ > end_) task.prefetch_step = 0;
    }

  private:
    const std::byte *from_, *end_;
    int64_t step_;
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

std::vector<int32_t> padding_sums_blocked(const GemmKernel& gemm, const ConvGeometry& geometry,
                                          const int8_t* weight, const uint8_t* padding_level) {
    const ConvRows rows(gemm, geometry);
    if (rows.kind != ConvRows::Kind::kLines || geometry.kernel_height == 1) return {};
    const int channels = geometry.out_channels, in_channels = geometry.in_channels;
    std::vector<int32_t> sums(static_cast<size_t>(geometry.kernel_height * channels));
    for (int channel = 0; channel < channels; ++channel) {
        for (int ky = 0; ky < geometry.kernel_height; ++ky) {
            int32_t& sum = sums[static_cast<size_t>(ky * channels + channel)];
            for (int64_t entry = 0; entry < rows.piece_depth; ++entry) {
                // What the kernel's own offset would have added of this line is lacking, too.
                sum += *weight++ * (padding_level[entry % in_channels] - gemm.packing.level_offset);
            }
        }
    }
    return sums;
}

namespace {

// Rows of a panel whose windows have the same lines within the image: [first_line, end_line).
struct LineRun {
    int64_t first_row, end_row;
    int first_line, end_line;

    bool same_lines(const LineRun& other) const {
        return first_line == other.first_line && end_line == other.end_line;
    }
};

// Which lines of the windows of output line y lie within the image; all of them where none does.
void find_lines(const ConvGeometry& geometry, int64_t y, LineRun& run) {
    const int height = geometry.kernel_height;
    const int64_t top = y * geometry.stride_y - geometry.padding_top, step = geometry.dilation_y;
    run.first_line = top >= 0 ? 0 : static_cast<int>(std::min<int64_t>((-top + step - 1) / step, height));
    const int64_t below = geometry.in_height - top;  // from the window's top on
    run.end_line = below <= 0 ? 0 : static_cast<int>(std::min<int64_t>((below + step - 1) / step, height));
    if (run.first_line < run.end_line) return;
    run.first_line = 0;
    run.end_line = height;
}

// One convolution's work, panel by panel.
class BlockedConv {
  public:
    BlockedConv(const GemmKernel& gemm, const ConvArguments& arguments, const ConvPart& part)
        : gemm_(gemm),
          arguments_(arguments),
          geometry_(*arguments.geometry),
          rows_(gemm, geometry_),
          channels_(geometry_.group_out_channels()),
          layout_(gemm.packing, rows_, channels_),
          panel_(gemm, rows_, arguments),
          line_bias_(reinterpret_cast<int32_t*>(arguments.scratch + ConvPanel::scratch_bytes(rows_))),
          passes_over_lines_(arguments.padding_sums && !arguments.weight_offset),
          // Without groups the part's channels; with groups all of every group.
          first_(geometry_.groups == 1 ? part.first_channel : 0),
          end_(geometry_.groups == 1 ? part.end_channel : channels_) {
        task_.row_step = rows_.pieces;
        task_.pieces = rows_.pieces;
        task_.piece_groups = rows_.piece_groups;
        task_.weight_offset = arguments.weight_offset;
        task_.groups_in_int16 = std::max(32767 / (2 * std::max(arguments.largest_product, 1)), 1);
        task_.bias = arguments.epilogue->bias;
        task_.epilogue = arguments.epilogue;
        task_.data = &arguments.data;
    }

    void run(const ConvPart& part) {
        for (int group = 0; group < geometry_.groups; ++group) {
            for (int64_t pixel = part.first_pixel; pixel < part.end_pixel; pixel += rows_.panel_rows) {
                const int64_t count = std::min(rows_.panel_rows, part.end_pixel - pixel);
                panel_.load(group, pixel, count);
                run_panel(group, pixel, count);
            }
        }
    }

  private:
    void run_panel(int group, int64_t pixel, int64_t count) {
        const int8_t* weights = arguments_.weight + group * layout_.total_bytes();
        const int64_t calls = (count + gemm_.max_rows - 1) / gemm_.max_rows;
        for (int channel = first_; channel < end_; channel += gemm_.packing.columns) {
            const int next = channel + gemm_.packing.columns;
            task_.weights = weights + layout_.offset(channel);
            task_.columns = std::min(gemm_.packing.columns, end_ - channel);
            task_.first_channel = group * channels_ + channel;
            Prefetch prefetch(next < end_ ? layout_.block(weights, next) : arguments_.next_weight, calls,
                              rows_.depth_groups());
            for (LineRun run{0, 0, 0, 0}; run.end_row < count;) {
                run = next_run(pixel, run.end_row, count);
                set_lines(run);
                run_rows(pixel, run, prefetch);
            }
        }
    }

    // From a row of the panel on.
    LineRun next_run(int64_t pixel, int64_t row, int64_t count) const {
        LineRun run{row, count, 0, geometry_.kernel_height};
        if (!passes_over_lines_) return run;
        const int64_t width = geometry_.out_width;
        const int64_t y = (pixel + row) / width;
        find_lines(geometry_, y, run);
        for (int64_t line = y + 1; line * width < pixel + count; ++line) {
            LineRun other = run;
            find_lines(geometry_, line, other);
            if (other.same_lines(run)) continue;
            run.end_row = line * width - pixel;
            break;
        }
        return run;
    }

    // Which pieces are multiplied; what the others would have added comes with the bias.
    void set_lines(const LineRun& run) {
        if (!passes_over_lines_) return;
        task_.first_piece = run.first_line;
        task_.pieces = run.end_line - run.first_line;
        task_.bias = arguments_.epilogue->bias;
        if (task_.pieces == rows_.pieces) return;
        for (int c = task_.first_channel; c < task_.first_channel + task_.columns; ++c) {
            auto sum = static_cast<uint32_t>(arguments_.epilogue->bias[c]);
            for (int line = 0; line < geometry_.kernel_height; ++line) {
                if (line >= run.first_line && line < run.end_line) continue;
                sum += static_cast<uint32_t>(arguments_.padding_sums[line * geometry_.out_channels + c]);
            }
            line_bias_[c] = static_cast<int32_t>(sum);
        }
        task_.bias = line_bias_;
    }

    void run_rows(int64_t pixel, const LineRun& run, Prefetch& prefetch) {
        // Calls of equal height: a last one of few rows would leave the registers idle.
        const int64_t count = run.end_row - run.first_row;
        const int64_t calls = (count + gemm_.max_rows - 1) / gemm_.max_rows;
        for (int64_t call = 0; call < calls; ++call) {
            prefetch.give(task_);
            const int64_t row = run.first_row + count * call / calls;
            task_.row_count = static_cast<int>(run.first_row + count * (call + 1) / calls - row);
            task_.rows = panel_.pieces(row) + task_.first_piece;
            task_.level_sums = panel_.level_sums(row);
            task_.first_pixel = pixel + row;
            gemm_.run(task_);
        }
    }

    const GemmKernel& gemm_;
    const ConvArguments& arguments_;
    const ConvGeometry& geometry_;
    const ConvRows rows_;
    const int channels_;
    const BlockLayout layout_;
    ConvPanel panel_;
    int32_t* line_bias_;  // of the lines that are passed over, by channel
    bool passes_over_lines_;
    int first_, end_;
    GemmTask task_;
};

}  // namespace

size_t conv_blocked_scratch_bytes(const GemmKernel& gemm, const ConvGeometry& geometry) {
    const auto entries = static_cast<size_t>(geometry.out_channels) + kChannelSlack;
    return ConvPanel::scratch_bytes(ConvRows(gemm, geometry)) + entries * sizeof(int32_t);
}

void convolve_blocked(const GemmKernel& gemm, const ConvArguments& arguments, const ConvPart& part) {
    BlockedConv(gemm, arguments, part).run(part);
}

}  // namespace quantface
