#include "kernels/depthwise/depthwise.h"

namespace quantface {

namespace {

// (groups of kUnit taps, channels, kUnit)
template <int kUnit>
std::vector<int8_t> pack_interleaved(const int8_t* weight, int64_t channels, int64_t taps) {
    const int64_t groups = (taps + kUnit - 1) / kUnit;
    std::vector<int8_t> packed(static_cast<size_t>(groups * channels * kUnit));
    for (int64_t channel = 0; channel < channels; ++channel) {
        for (int64_t tap = 0; tap < taps; ++tap) {
            packed[static_cast<size_t>((tap / kUnit * channels + channel) * kUnit + tap % kUnit)] =
                weight[channel * taps + tap];
        }
    }
    return packed;
}

#if defined(QUANTFACE_X86_KERNELS)
// The order that depthwise_avx512_vnni.cpp explains.
std::vector<int8_t> pack_in_lanes(const int8_t* weight, int64_t channels, int64_t taps) {
    const int64_t groups = (taps + 3) / 4;
    const int64_t blocks = (channels + 63) / 64;
    std::vector<int8_t> packed(static_cast<size_t>(blocks * groups * 256));
    for (int64_t channel = 0; channel < channels; ++channel) {
        const int64_t within = channel % 64;
        const int64_t lane = within / 16, vector = within % 16 / 4, entry = within % 4;
        for (int64_t tap = 0; tap < taps; ++tap) {
            const int64_t group = channel / 64 * groups + tap / 4;
            packed[static_cast<size_t>(group * 256 + vector * 64 + lane * 16 + entry * 4 + tap % 4)] =
                weight[channel * taps + tap];
        }
    }
    return packed;
}
#endif

}  // namespace

std::span<const DepthwiseKernel> depthwise_kernels() {
    static constexpr DepthwiseKernel kKernels[] = {
        {"portable", 0, 1, pack_interleaved<1>, accumulate_depthwise_portable, 0},
#if defined(QUANTFACE_X86_KERNELS)
        {"avx2", kCpuAvx2, 2, pack_interleaved<2>, accumulate_depthwise_avx2, 1},
        {"avx512_vnni", kCpuAvx512Vnni, 4, pack_in_lanes, accumulate_depthwise_avx512_vnni, 2},
#endif
    };
    return kKernels;
}

}  // namespace quantface
