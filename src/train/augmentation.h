// Changes to training images that leave the face who it is: light, sharpness, noise, something in front.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/rng.h"

namespace quantface {

// image: (3, H, W) float32 on the CPU, 0..255, changed in place. strength: 0 (not at all) to 1. Each kind of
// change happens by itself with chance strength / 2; how far it goes is drawn up to the strength.
void augment_image(at::Tensor image, double strength, Rng& rng);

}  // namespace quantface
