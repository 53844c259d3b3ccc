#include "quantize/layer_samples.h"

#include <algorithm>

#include "base/rng.h"
#include "graph/window_arithmetic.h"

namespace quantface {

SampledPositions::SampledPositions(const ConvOp& op, const Shape& input, int64_t image_count)
    : window_(op.window),
      groups_(op.groups),
      group_inputs_(static_cast<int>(op.weight.dims[1])),
      input_(input) {
    const int height = window_output_height(window_, input.height),
              width = window_output_width(window_, input.width);
    const int64_t taps = int64_t{group_inputs_} * window_.kernel_height * window_.kernel_width;
    const int64_t wanted = std::clamp<int64_t>(24 * taps, 2048, 24576);
    const int64_t available = image_count * height * width;
    if (available <= wanted) {
        for (int64_t index = 0; index < available; ++index) {
            const auto pixel = static_cast<int>(index % (height * width));
            positions_.push_back({index / (height * width), pixel / width, pixel % width});
        }
        return;
    }
    Rng rng(0x73616d706c65);
    for (int64_t index = 0; index < wanted; ++index) {
        positions_.push_back(
            {index % image_count, static_cast<int>(rng.below(height)), static_cast<int>(rng.below(width))});
    }
}

}  // namespace quantface
