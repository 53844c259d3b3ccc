// A batch norm with the activation behind it and a watch on what goes in: one pass over memory forward and
// one backward on a CPU, where separate operations would take ten.
#pragma once

#include <ATen/core/Tensor.h>

namespace quantface {

// r = x * scale + shift; output = min(max(r, 0) + min(r, 0) * slope, high), high > 0. Vectors are (C) float32
// and constants.
struct WatchedForm {
    at::Tensor scale, shift, slope;
    at::Tensor centre;  // about the mean of x, for the precision of sums
    double high = 0;    // may be infinite
};

struct WatchedValue {
    at::Tensor output;
    at::Tensor mean, variance;  // of x by channel over images and pixels, (C) float32, with gradients
};

// x: (N, C, H, W), float32 or bfloat16. Sums are taken over a fixed number of parts, so that the number of
// threads changes no bit.
WatchedValue watched_activation(const at::Tensor& x, const WatchedForm& form);

}  // namespace quantface
