// Plain C++, for CPUs without a kernel of their own and for images of very few channels. weights: (taps,
// channels).
#include <algorithm>

#include "kernels/depthwise/depthwise.h"

namespace quantface {

namespace {

constexpr int kTogether = 64;  // channels

void add_up(const DepthwiseTask& task, int pixel, int first, int count, int32_t* sums) {
    std::fill(sums, sums + count, 0);
    const auto* weights = reinterpret_cast<const int8_t*>(task.weights) + first;
    for (int ky = 0; ky < task.kernel_height; ++ky) {
        for (int kx = 0; kx < task.kernel_width; ++kx, weights += task.channels) {
            const int column = pixel * task.stride_x + kx * task.dilation_x;
            const uint8_t* levels = task.columns[column * task.column_lines + ky] + first;
            for (int channel = 0; channel < count; ++channel) {
                sums[channel] += weights[channel] * levels[channel];
            }
            if (!task.weight_offset) continue;
            for (int channel = 0; channel < count; ++channel) {
                sums[channel] += task.weight_offset[first + channel] * levels[channel];
            }
        }
    }
}

}  // namespace

void run_depthwise_portable(const DepthwiseTask& task) {
    int32_t sums[kTogether];
    for (int pixel = 0; pixel < task.pixels; ++pixel) {
        for (int first = task.first_channel; first < task.end_channel; first += kTogether) {
            const int count = std::min(kTogether, task.end_channel - first);
            add_up(task, pixel, first, count, sums);
            epilogue_from_accumulators_scalar(*task.epilogue, *task.data,
                                              {task.first_pixel + pixel, 1, first, count, kTogether}, sums);
        }
    }
}

}  // namespace quantface
