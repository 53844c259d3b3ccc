#include "train/image_pyramid.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace quantface {

namespace {

constexpr int kOctaves = 4;  // the coarsest level has a sixteenth of the image's height and width
// How far colours go apart beside what all three do together: light has less colour than brightness.
constexpr double kColour = 0.25;

int64_t size_at(int64_t size, int octave) {
    return std::max<int64_t>(2, (size + (int64_t{1} << octave) - 1) >> octave);
}

}  // namespace

ImagePyramid::ImagePyramid(const at::Tensor& start, double reach) : start_(start), reach_(reach) {
    for (int octave = kOctaves; octave >= 0; --octave) {
        levels_.push_back(
            at::zeros({start.size(0), 3, size_at(start.size(2), octave), size_at(start.size(3), octave)},
                      start.options())
                .set_requires_grad(true));
    }
}

at::Tensor ImagePyramid::offset() const {
    at::Tensor sum;
    double reach = reach_;
    for (const at::Tensor& level : levels_) {
        const at::Tensor bounded = at::tanh(level) * reach;
        reach /= 2;
        // Enlarged step by step, as each step smooths what the steps before left of corners.
        sum = sum.defined() ? at::upsample_bilinear2d(sum, {level.size(2), level.size(3)}, false) + bounded
                            : bounded;
    }
    const at::Tensor grey = sum.mean(1, true);
    return grey + (sum - grey) * kColour;
}

at::Tensor ImagePyramid::images() const {
    return at::clamp(start_ + offset(), 0, 255);
}

}  // namespace quantface
