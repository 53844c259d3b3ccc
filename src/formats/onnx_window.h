// The window attributes that Conv and the pools share.
#pragma once

#include "formats/onnx_node.h"

namespace quantface {

// From strides, dilations, pads and auto_pad, for a kernel of the given size on an image of size `in`.
// Refuses other than 2 dimensions and numbers out of range.
Window read_onnx_window(OnnxNode& node, int64_t kernel_height, int64_t kernel_width, const Shape& in);

// Padding at the bottom and the right by which the last window is as many pixels short as ceil_mode counts.
// Exact only where padding itself adds nothing to a window's result.
void extend_to_ceil_mode(Window& window, const Shape& in);

}  // namespace quantface
