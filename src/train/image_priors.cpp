#include "train/image_priors.h"

#include <ATen/ATen.h>

namespace quantface {

namespace {

at::Tensor total_variation(const at::Tensor& images) {
    const int64_t height = images.size(2), width = images.size(3);
    const at::Tensor down = images.slice(2, 1, height) - images.slice(2, 0, height - 1);
    const at::Tensor across = images.slice(3, 1, width) - images.slice(3, 0, width - 1);
    return down.abs().mean({1, 2, 3}) + across.abs().mean({1, 2, 3});
}

at::Tensor deviation(const at::Tensor& images, const at::Tensor& mean) {
    // Of a flat image the derivative would be infinite.
    constexpr double kTiny = 1e-3;
    return ((images - mean).square().mean({2, 3}) + kTiny).sqrt();
}

}  // namespace

at::Tensor variation_loss(const at::Tensor& images, const at::Tensor& start) {
    const at::Tensor wanted = total_variation(start).clamp_min(1);
    return (total_variation(images) / wanted - total_variation(start) / wanted).square().mean();
}

at::Tensor colour_loss(const at::Tensor& images, const at::Tensor& start) {
    const at::Tensor mean = images.mean({2, 3}, true), start_mean = start.mean({2, 3}, true);
    const at::Tensor shift = (mean - start_mean) / kChangeUnit;
    const at::Tensor stretch = (deviation(images, mean) - deviation(start, start_mean)) / kChangeUnit;
    return shift.square().mean() + stretch.square().mean();
}

at::Tensor distance_loss(const at::Tensor& images, const at::Tensor& start) {
    return ((images - start) / kChangeUnit).square().mean();
}

}  // namespace quantface
