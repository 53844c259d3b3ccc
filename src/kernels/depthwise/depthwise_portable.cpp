// Plain C++, for CPUs without a kernel of their own. packed: (taps, channels).
#include <algorithm>

#include "kernels/depthwise/depthwise.h"

namespace quantface {

void accumulate_depthwise_portable(const uint8_t* const* taps, int64_t tap_count, const int8_t* packed,
                                   const int32_t* weight_offset, int channels, int32_t* accumulators) {
    std::fill(accumulators, accumulators + channels, 0);
    for (int64_t tap = 0; tap < tap_count; ++tap) {
        const uint8_t* levels = taps[tap];
        for (int channel = 0; channel < channels; ++channel) {
            accumulators[channel] += packed[tap * channels + channel] * levels[channel];
        }
    }
    if (!weight_offset) return;
    for (int64_t tap = 0; tap < tap_count; ++tap) {
        for (int channel = 0; channel < channels; ++channel) {
            accumulators[channel] += weight_offset[channel] * taps[tap][channel];
        }
    }
}

}  // namespace quantface
