// The weights' layouts of the depthwise kernels, which their files explain. Apart from these, as what is
// compiled for one instruction set only should hold nothing but its kernels.
#include <algorithm>

#include "kernels/depthwise/depthwise.h"

namespace quantface {

namespace {

// What kx, ky and channel are in a layout of blocks of channels: (blocks, kx, groups of `lines` lines,
// channel, line). A last block that would not be full begins earlier (`overlapping`) or is filled up with
// zeros.
template <typename Entry>
AlignedBytes pack_blocks(const ConvGeometry& geometry, const int8_t* weight, int64_t block_channels,
                         int64_t lines, bool overlapping) {
    const int64_t height = geometry.kernel_height, width = geometry.kernel_width;
    const int64_t channels = geometry.out_channels;
    const int64_t line_groups = (height + lines - 1) / lines;
    const int64_t blocks = (channels + block_channels - 1) / block_channels;
    const int64_t group_entries = block_channels * lines;
    AlignedBytes packed(static_cast<size_t>(blocks * width * line_groups * group_entries) * sizeof(Entry));
    auto* to = reinterpret_cast<Entry*>(packed.data());
    for (int64_t block = 0; block < blocks; ++block) {
        const int64_t first = overlapping ? std::min(block * block_channels, channels - block_channels)
                                          : block * block_channels;
        const int64_t count = std::min(block_channels, channels - first);
        for (int64_t entry = 0; entry < count * height * width; ++entry) {
            const int64_t column = entry / (height * width), ky = entry / width % height, kx = entry % width;
            const int64_t group = (block * width + kx) * line_groups + ky / lines;
            to[group * group_entries + column * lines + ky % lines] = weight[first * height * width + entry];
        }
    }
    return packed;
}

}  // namespace

AlignedBytes pack_depthwise_portable(const ConvGeometry& geometry, const int8_t* weight) {
    const int64_t taps = geometry.taps(), channels = geometry.out_channels;
    AlignedBytes packed(static_cast<size_t>(taps * channels));
    auto* to = reinterpret_cast<int8_t*>(packed.data());
    for (int64_t channel = 0; channel < channels; ++channel) {
        for (int64_t tap = 0; tap < taps; ++tap) to[tap * channels + channel] = *weight++;
    }
    return packed;
}

#if defined(QUANTFACE_X86_KERNELS)
// Images of fewer channels than a block take the portable kernel.
AlignedBytes pack_depthwise_avx2(const ConvGeometry& geometry, const int8_t* weight) {
    if (geometry.out_channels < 16) return pack_depthwise_portable(geometry, weight);
    return pack_blocks<int16_t>(geometry, weight, 16, 2, true);
}
AlignedBytes pack_depthwise_avx2_narrow(const ConvGeometry& geometry, const int8_t* weight) {
    if (geometry.out_channels < 32) return pack_depthwise_portable(geometry, weight);
    return pack_blocks<int8_t>(geometry, weight, 32, 2, true);
}
// Of a 3x3 window each block has its weights twice: for the first line of two as they are, (w0, w1, w2, 0),
// then for the second one (0, w0, w1, w2).
AlignedBytes pack_depthwise_avx512_vnni(const ConvGeometry& geometry, const int8_t* weight) {
    AlignedBytes once = pack_blocks<int8_t>(geometry, weight, 64, 4, false);
    if (geometry.kernel_height != 3 || geometry.kernel_width != 3) return once;
    constexpr size_t kBlockBytes = 3 * 256;
    AlignedBytes twice(2 * once.size());
    for (size_t at = 0; at < once.size(); ++at) {
        std::byte* first = twice.data() + at / kBlockBytes * 2 * kBlockBytes + at % kBlockBytes;
        *first = once.data()[at];
        // The fourth of each group is zero, so nothing leaves the group.
        if (at % 4 != 3) first[kBlockBytes + 1] = once.data()[at];
    }
    return twice;
}
#endif

}  // namespace quantface
