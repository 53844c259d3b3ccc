#include "kernels/conv/conv_rows.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace quantface {

namespace {

// A panel's pointers and copies stay in the second-level cache beside a block of weights. Of lines only those
// at the image's border are copied.
constexpr int64_t kMostPanelRows = 192;
constexpr int64_t kMostCopiedBytes = 192 * 1024;
constexpr int64_t kMostLineBytes = 1024 * 1024;
constexpr int64_t kMostPointers = 16 * 1024;

constexpr int64_t round_up(int64_t number, int64_t unit) {
    return (number + unit - 1) / unit * unit;
}

ConvRows::Kind kind_of(const GemmKernel& gemm, const ConvGeometry& geometry) {
    if (gemm.widen) return ConvRows::Kind::kGathered;
    const bool taps = geometry.group_in_channels() % gemm.packing.depth_unit == 0;
    const bool lines = geometry.groups == 1 && (geometry.dilation_x == 1 || geometry.kernel_width == 1);
    // Large windows have few pixels whose lines all lie within the image.
    if (lines && (!taps || geometry.kernel_width <= 3)) return ConvRows::Kind::kLines;
    return taps ? ConvRows::Kind::kTaps : ConvRows::Kind::kGathered;
}

int64_t pieces_of(ConvRows::Kind kind, const ConvGeometry& geometry) {
    return kind == ConvRows::Kind::kTaps    ? geometry.taps()
           : kind == ConvRows::Kind::kLines ? geometry.kernel_height
                                            : 1;
}

size_t pointers_bytes(const ConvRows& rows) {
    return static_cast<size_t>(round_up(rows.panel_rows * rows.pieces * int64_t{sizeof(void*)}, 64));
}

size_t sums_bytes(const ConvRows& rows) {
    return static_cast<size_t>(round_up(rows.panel_rows * int64_t{sizeof(int32_t)}, 64));
}

}  // namespace

ConvRows::ConvRows(const GemmKernel& gemm, const ConvGeometry& geometry)
    : kind(kind_of(gemm, geometry)),
      pieces(pieces_of(kind, geometry)),
      piece_depth(geometry.depth() / pieces),
      piece_groups((piece_depth + gemm.packing.depth_unit - 1) / gemm.packing.depth_unit),
      copied_bytes(kind == Kind::kTaps ? 0 : piece_groups * gemm.packing.depth_unit * (gemm.widen ? 2 : 1)) {
    int64_t most = std::min(kMostPanelRows, std::max<int64_t>(kMostPointers / pieces, 1));
    if (copied_bytes > 0) {
        const int64_t bytes = kind == Kind::kLines ? kMostLineBytes : kMostCopiedBytes;
        most = std::min(most, std::max<int64_t>(bytes / (copied_bytes * pieces), 1));
    }
    // Whole calls of the kernel.
    most = std::max<int64_t>(most / gemm.max_rows, 1) * gemm.max_rows;
    panel_rows = std::min(most, geometry.out_pixels());
}

size_t ConvPanel::scratch_bytes(const ConvRows& rows) {
    const int64_t copies = rows.panel_rows * rows.pieces * rows.copied_bytes;
    const int64_t narrow = rows.kind == ConvRows::Kind::kGathered ? rows.piece_depth : 0;
    return pointers_bytes(rows) + sums_bytes(rows) + static_cast<size_t>(round_up(copies + narrow, 64));
}

ConvPanel::ConvPanel(const GemmKernel& gemm, const ConvRows& rows, const ConvArguments& arguments)
    : gemm_(gemm),
      rows_(rows),
      arguments_(arguments),
      geometry_(*arguments.geometry),
      input_end_(arguments.input + int64_t{geometry_.in_height} * geometry_.in_width * geometry_.in_channels),
      pointers_(reinterpret_cast<const void**>(arguments.scratch)),
      level_sums_(reinterpret_cast<int32_t*>(arguments.scratch + pointers_bytes(rows))),
      copies_(reinterpret_cast<uint8_t*>(arguments.scratch + pointers_bytes(rows) + sums_bytes(rows))) {}

void ConvPanel::load(int group, int64_t first, int64_t count) {
    // One line of the output after the other, or what of it is in the panel.
    for (int64_t row = 0; row < count;) {
        const int64_t y = (first + row) / geometry_.out_width, x = (first + row) % geometry_.out_width;
        const int64_t run = std::min(count - row, geometry_.out_width - x);
        if (rows_.kind == ConvRows::Kind::kLines) {
            load_lines_of_run(y, x, run, row);
        } else {
            for (int64_t step = 0; step < run; ++step) load_row(y, x + step, group, row + step);
        }
        row += run;
    }
    if (arguments_.weight_offset && rows_.kind != ConvRows::Kind::kGathered) {
        for (int64_t row = 0; row < count; ++row) level_sums_[row] = sum_levels(row_pieces(row));
    }
}

void ConvPanel::load_row(int64_t y, int64_t x, int group, int64_t row) {
    const uint8_t** pieces = row_pieces(row);
    if (rows_.kind == ConvRows::Kind::kTaps) return load_taps(y, x, group, pieces);
    uint8_t* copy = row_copies(row);
    uint8_t* levels = gemm_.widen ? copies_ + rows_.panel_rows * rows_.copied_bytes : copy;
    gather(y, x, group, levels);
    if (gemm_.widen) gemm_.widen(levels, rows_.piece_depth, reinterpret_cast<int16_t*>(copy));
    std::fill(copy + rows_.piece_depth * (gemm_.widen ? 2 : 1), copy + rows_.copied_bytes, uint8_t{0});
    pieces[0] = levels;
    if (arguments_.weight_offset) level_sums_[row] = sum_levels(pieces);
    pieces[0] = copy;
}

// Output pixels whose windows lie within the image are those from `begin` to `end` - 1 of the run: for them
// nothing is to be asked.
void ConvPanel::load_lines_of_run(int64_t y, int64_t x, int64_t run, int64_t row) {
    const int64_t stride = geometry_.stride_x, padding = geometry_.padding_left;
    const int64_t room = geometry_.in_width - geometry_.kernel_width + padding;
    int64_t begin = std::clamp((padding + stride - 1) / stride - x, int64_t{0}, run);
    int64_t end = room < 0 ? begin : std::clamp(room / stride + 1 - x, begin, run);
    const int64_t top = y * geometry_.stride_y - geometry_.padding_top;
    const int64_t line_bytes = int64_t{geometry_.in_channels} * geometry_.in_width;
    const int64_t step = stride * geometry_.in_channels;
    const uint8_t* line =
        arguments_.input + top * line_bytes + ((x + begin) * stride - padding) * geometry_.in_channels;
    const int64_t last_line = int64_t{geometry_.kernel_height - 1} * geometry_.dilation_y * line_bytes;
    if (!is_inside(top, (x + begin) * stride - padding)) end = begin;
    // Filled up to whole depth groups, the last windows may reach past the image's end.
    while (end > begin && input_end_ - (line + last_line + (end - begin - 1) * step) < rows_.copied_bytes)
        --end;
    for (int64_t pixel = 0; pixel < begin; ++pixel) {
        load_lines(y, x + pixel, row_pieces(row + pixel), row_copies(row + pixel));
    }
    const uint8_t** pieces = row_pieces(row + begin);
    for (int64_t pixel = begin; pixel < end; ++pixel, line += step) {
        const uint8_t* at = line;
        for (int64_t ky = 0; ky < rows_.pieces; ++ky, at += geometry_.dilation_y * line_bytes) *pieces++ = at;
    }
    for (int64_t pixel = end; pixel < run; ++pixel) {
        load_lines(y, x + pixel, row_pieces(row + pixel), row_copies(row + pixel));
    }
}

bool ConvPanel::is_inside(int64_t top, int64_t left) const {
    return top >= 0 && left >= 0 &&
           top + int64_t{geometry_.kernel_height - 1} * geometry_.dilation_y < geometry_.in_height &&
           left + int64_t{geometry_.kernel_width - 1} * geometry_.dilation_x < geometry_.in_width;
}

void ConvPanel::load_taps(int64_t y, int64_t x, int group, const uint8_t** pieces) const {
    const int64_t first_channel = int64_t{group} * geometry_.group_in_channels();
    const int64_t top = y * geometry_.stride_y - geometry_.padding_top;
    const int64_t left = x * geometry_.stride_x - geometry_.padding_left;
    const int64_t pixel_bytes = geometry_.in_channels;
    const int64_t line_bytes = pixel_bytes * geometry_.in_width;
    const int64_t step = geometry_.dilation_x * pixel_bytes;
    const uint8_t* line = arguments_.input + first_channel + top * line_bytes + left * pixel_bytes;
    if (is_inside(top, left)) {
        for (int ky = 0; ky < geometry_.kernel_height; ++ky, line += geometry_.dilation_y * line_bytes) {
            for (int kx = 0; kx < geometry_.kernel_width; ++kx) *pieces++ = line + kx * step;
        }
        return;
    }
    for (int ky = 0; ky < geometry_.kernel_height; ++ky, line += geometry_.dilation_y * line_bytes) {
        const int64_t in_y = top + int64_t{ky} * geometry_.dilation_y;
        for (int kx = 0; kx < geometry_.kernel_width; ++kx) {
            const int64_t in_x = left + int64_t{kx} * geometry_.dilation_x;
            const bool inside =
                in_y >= 0 && in_y < geometry_.in_height && in_x >= 0 && in_x < geometry_.in_width;
            *pieces++ = inside ? line + kx * step : arguments_.padding_level + first_channel;
        }
    }
}

void ConvPanel::load_lines(int64_t y, int64_t x, const uint8_t** pieces, uint8_t* copies) const {
    const int64_t top = y * geometry_.stride_y - geometry_.padding_top;
    const int64_t left = x * geometry_.stride_x - geometry_.padding_left;
    const auto channels = static_cast<size_t>(geometry_.in_channels);
    const int64_t line_bytes = int64_t{geometry_.in_channels} * geometry_.in_width;
    const uint8_t* line = arguments_.input + top * line_bytes + left * geometry_.in_channels;
    const int64_t step = geometry_.dilation_y * line_bytes;
    const bool columns_inside = left >= 0 && left + geometry_.kernel_width <= geometry_.in_width;
    for (int ky = 0; ky < geometry_.kernel_height; ++ky, line += step, copies += rows_.copied_bytes) {
        const int64_t in_y = top + int64_t{ky} * geometry_.dilation_y;
        const bool inside = columns_inside && in_y >= 0 && in_y < geometry_.in_height;
        if (inside && input_end_ - line >= rows_.copied_bytes) {
            pieces[ky] = line;
            continue;
        }
        uint8_t* to = copies;
        for (int kx = 0; kx < geometry_.kernel_width; ++kx, to += channels) {
            const uint8_t* levels = input_pixel(geometry_, arguments_.input, in_y, left + kx);
            memcpy(to, levels ? levels : arguments_.padding_level, channels);
        }
        std::fill(to, copies + rows_.copied_bytes, uint8_t{0});
        pieces[ky] = copies;
    }
}

void ConvPanel::gather(int64_t y, int64_t x, int group, uint8_t* levels) const {
    const auto channels = static_cast<size_t>(geometry_.group_in_channels());
    const int64_t first_channel = int64_t{group} * geometry_.group_in_channels();
    const int64_t top = y * geometry_.stride_y - geometry_.padding_top;
    const int64_t left = x * geometry_.stride_x - geometry_.padding_left;
    // Neighbouring taps of all channels lie one behind the other in memory: one copy for a whole line.
    const bool whole_lines = geometry_.groups == 1 &&
                             (geometry_.dilation_x == 1 || geometry_.kernel_width == 1) && left >= 0 &&
                             left + geometry_.kernel_width <= geometry_.in_width;
    for (int ky = 0; ky < geometry_.kernel_height; ++ky) {
        const int64_t in_y = top + int64_t{ky} * geometry_.dilation_y;
        if (whole_lines && in_y >= 0 && in_y < geometry_.in_height) {
            const size_t bytes = channels * static_cast<size_t>(geometry_.kernel_width);
            memcpy(levels, input_pixel(geometry_, arguments_.input, in_y, left), bytes);
            levels += bytes;
            continue;
        }
        for (int kx = 0; kx < geometry_.kernel_width; ++kx, levels += channels) {
            const uint8_t* pixel =
                input_pixel(geometry_, arguments_.input, in_y, left + int64_t{kx} * geometry_.dilation_x);
            memcpy(levels, (pixel ? pixel : arguments_.padding_level) + first_channel, channels);
        }
    }
}

int32_t ConvPanel::sum_levels(const uint8_t* const* pieces) const {
    int32_t sum = 0;
    for (int64_t piece = 0; piece < rows_.pieces; ++piece) {
        sum = std::accumulate(pieces[piece], pieces[piece] + rows_.piece_depth, sum);
    }
    return sum;
}

}  // namespace quantface
