// What keeps guided images faces: they stay as rough, as coloured and about where their start images are.
// All are means over images; images and start: (N, 3, H, W), 0..255.
#pragma once

#include <ATen/core/Tensor.h>

namespace quantface {

// Squared relative change of the total variation (Rudin, Osher, Fatemi 1992; as an image prior: Mahendran,
// Vedaldi, CVPR 2015), the mean absolute difference of neighbouring pixels: noise adds to it, blur takes
// away.
at::Tensor variation_loss(const at::Tensor& images, const at::Tensor& start);

// Squared change of the mean and the standard deviation of each colour, in units of kChangeUnit.
at::Tensor colour_loss(const at::Tensor& images, const at::Tensor& start);

// Mean squared change of pixels, in units of kChangeUnit.
at::Tensor distance_loss(const at::Tensor& images, const at::Tensor& start);

inline constexpr double kChangeUnit = 32;  // grey levels

}  // namespace quantface
