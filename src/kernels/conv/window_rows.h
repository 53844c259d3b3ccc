// The input under one output pixel's window as a row of a matrix ("im2col").
#pragma once

#include "kernels/conv/conv_geometry.h"

namespace quantface {

// row: (kernel height, kernel width, channels of the group), geometry.depth() levels.
void gather_window_row(const ConvGeometry& geometry, const uint8_t* input, const uint8_t* padding_level,
                       int64_t pixel, int group, uint8_t* row);

}  // namespace quantface
