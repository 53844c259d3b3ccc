#include "kernels/fully_connected/fully_connected.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace quantface {

namespace {

int64_t depth_groups_of(int64_t depth) {
    return (depth + 3) / 4;
}

int64_t group_bytes(const FullyConnectedKernel& kernel, int bits) {
    return kernel.columns * (bits == 6 ? 3 : 2);
}

// Entry `index` of a group, 0..4 * columns - 1, whose bytes are zero where nothing has been put.
void put(std::byte* group, int columns, int bits, int index, int32_t number) {
    const int part = index / columns, at = index % columns;
    group[part / 2 * columns + at] |= static_cast<std::byte>((number & 15) << (part % 2 * 4));
    if (bits == 6) group[2 * columns + at] |= static_cast<std::byte>((number >> 4) << (2 * part));
}

}  // namespace

std::span<const FullyConnectedKernel> fully_connected_kernels() {
    static constexpr FullyConnectedKernel kKernels[] = {
        {"portable", 0, 32, run_fully_connected_portable},
#if defined(QUANTFACE_X86_KERNELS)
        {"avx2", kCpuAvx2, 32, run_fully_connected_avx2},
        {"avx512_vnni", kCpuAvx512Vnni, 64, run_fully_connected_avx512_vnni},
#endif
    };
    return kKernels;
}

AlignedBytes pack_fully_connected(const FullyConnectedKernel& kernel, int64_t depth, int out_channels,
                                  int bits, const int8_t* weight) {
    const int columns = kernel.columns;
    const int64_t groups = depth_groups_of(depth), blocks = (out_channels + columns - 1) / columns;
    AlignedBytes packed(static_cast<size_t>(blocks * groups * group_bytes(kernel, bits)));
    for (int64_t channel = 0; channel < out_channels; ++channel) {
        std::byte* block = packed.data() + channel / columns * groups * group_bytes(kernel, bits);
        const auto column = static_cast<int>(channel % columns);
        for (int64_t entry = 0; entry < depth; ++entry) {
            const auto within = static_cast<int>(entry % 4);
            put(block + entry / 4 * group_bytes(kernel, bits), columns, bits, column * 4 + within,
                *weight++ + packed_offset(bits));
        }
    }
    return packed;
}

size_t fully_connected_scratch_bytes(int64_t depth) {
    return static_cast<size_t>(depth_groups_of(depth) * 4);
}

void run_fully_connected(const FullyConnectedKernel& kernel, const FullyConnectedArguments& arguments,
                         int first_channel, int end_channel) {
    FullyConnectedTask task;
    task.levels = arguments.input;
    task.depth_groups = depth_groups_of(arguments.depth);
    if (arguments.depth % 4 != 0) {
        auto* copy = reinterpret_cast<uint8_t*>(arguments.scratch);
        memcpy(copy, arguments.input, static_cast<size_t>(arguments.depth));
        std::fill(copy + arguments.depth, copy + task.depth_groups * 4, uint8_t{0});
        task.levels = copy;
    }
    // Wraps where the sums do, too.
    const uint32_t level_sum =
        std::accumulate(arguments.input, arguments.input + arguments.depth, uint32_t{0});
    task.correction = static_cast<int32_t>(-level_sum * static_cast<uint32_t>(packed_offset(arguments.bits)));
    task.bits = arguments.bits;
    task.epilogue = arguments.epilogue;
    task.data = &arguments.data;
    const int64_t block_bytes = task.depth_groups * group_bytes(kernel, arguments.bits);
    for (int channel = first_channel; channel < end_channel; channel += kernel.columns) {
        task.weights = arguments.weight + channel / kernel.columns * block_bytes;
        task.columns = std::min(kernel.columns, end_channel - channel);
        task.first_channel = channel;
        kernel.run(task);
    }
}

}  // namespace quantface
