// Pooling over NHWC levels. The window comes as a ConvGeometry (in_channels == out_channels; groups is not
// used) and never lies in the padding alone.
#pragma once

#include <cstdint>

#include "kernels/conv/conv_geometry.h"

namespace quantface {

// Of all output pixels: the largest level within the image.
void max_pool(const ConvGeometry& geometry, const uint8_t* input, uint8_t* output);

// Of one output pixel: numbers[c] = float32(sum of (level - zero point)) * multiplier / float32(count).
// sums: room for in_channels.
void average_pool(const ConvGeometry& geometry, const uint8_t* input, int32_t zero_point, float multiplier,
                  bool count_include_padding, int64_t pixel, int32_t* sums, float* numbers);

}  // namespace quantface
