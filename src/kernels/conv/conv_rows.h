// A convolution's input as rows of a matrix, one for each output pixel: where the pieces of each row lie.
#pragma once

#include "kernels/conv/conv.h"

namespace quantface {

// In which pieces a matrix kernel reads the window of one output pixel.
//   lines       one piece for each line of the window, whose taps lie one behind the other in the image. A
//   copy at
//               the image's border, and where the last group of depth would read past the image's end.
//   taps        one piece for each tap of the window, read where it lies in the image, or from the padding's
//               levels: nothing is copied. Where there are groups or dilation, and the channels of a group
//               fill whole groups of depth.
//   gathered    one piece, copied together (and widened, where the kernel takes int16).
struct ConvRows {
    ConvRows(const GemmKernel& gemm, const ConvGeometry& geometry);

    enum class Kind { kLines, kTaps, kGathered } kind;
    int64_t pieces;
    int64_t piece_depth;   // entries of one piece
    int64_t piece_groups;  // depth groups of one piece, the last one filled up
    int64_t copied_bytes;  // room for one copied piece; 0 where none is ever copied
    int64_t panel_rows;    // rows that are made ready together

    int64_t depth_groups() const { return pieces * piece_groups; }
};

// The rows of one panel, in memory that the caller gives.
class ConvPanel {
  public:
    static size_t scratch_bytes(const ConvRows& rows);

    ConvPanel(const GemmKernel& gemm, const ConvRows& rows, const ConvArguments& arguments);
    // Output pixels [first, first + count), count <= rows.panel_rows, of one group.
    void load(int group, int64_t first, int64_t count);

    // Of row `row` of the panel and those behind it: GemmTask::rows.
    const void* const* pieces(int64_t row) const { return pointers_ + row * rows_.pieces; }
    // The sum of each row's levels; null where there are no weight offsets.
    const int32_t* level_sums(int64_t row) const {
        return arguments_.weight_offset ? level_sums_ + row : nullptr;
    }

  private:
    const uint8_t** row_pieces(int64_t row) const {
        return reinterpret_cast<const uint8_t**>(pointers_ + row * rows_.pieces);
    }
    uint8_t* row_copies(int64_t row) const { return copies_ + row * rows_.pieces * rows_.copied_bytes; }

    void load_row(int64_t y, int64_t x, int group, int64_t row);
    // `run` output pixels of one line, into the panel's rows from `row` on.
    void load_lines_of_run(int64_t y, int64_t x, int64_t run, int64_t row);
    // Whether the whole window is, that has its first tap there.
    bool is_inside(int64_t top, int64_t left) const;
    void load_taps(int64_t y, int64_t x, int group, const uint8_t** pieces) const;
    void load_lines(int64_t y, int64_t x, const uint8_t** pieces, uint8_t* copies) const;
    void gather(int64_t y, int64_t x, int group, uint8_t* levels) const;
    int32_t sum_levels(const uint8_t* const* pieces) const;

    const GemmKernel& gemm_;
    const ConvRows& rows_;
    const ConvArguments& arguments_;
    const ConvGeometry& geometry_;
    const uint8_t* input_end_;
    const void** pointers_;
    int32_t* level_sums_;
    uint8_t* copies_;  // rows' copied pieces, and one row of levels before it is widened
};

}  // namespace quantface
