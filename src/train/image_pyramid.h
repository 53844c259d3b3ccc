// Images that can be moved by gradient and stay images: a start image plus offsets on a pyramid of
// resolutions, each bounded, the coarse ones by far more than the fine ones. What changes is light, shading
// and shape, not the single pixels in which adversarial noise lives.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace quantface {

class ImagePyramid {
  public:
    // start: (N, 3, H, W) float32, 0..255, on the device. reach: grey levels by which the coarsest offsets go
    // up or down at most; each finer resolution has half of it.
    ImagePyramid(const at::Tensor& start, double reach);

    // start + offset(), within 0..255. Gradients flow to the levels.
    at::Tensor images() const;
    // (N, 3, H, W), grey levels.
    at::Tensor offset() const;
    // One for each resolution, coarsest first, (N, 3, h, w): zero is the start image.
    const std::vector<at::Tensor>& levels() const { return levels_; }
    const at::Tensor& start() const { return start_; }

  private:
    at::Tensor start_;
    std::vector<at::Tensor> levels_;
    double reach_;
};

}  // namespace quantface
