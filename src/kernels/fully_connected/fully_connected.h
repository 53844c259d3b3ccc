// A fully connected layer whose weights stay packed at 4 or 6 bits and are unpacked in registers: every
// weight is used once an image, so a large layer (IResNet's 25088 x 512) takes as long as memory takes to
// give its weights. One row of fully_connected_kernels() for each instruction set; the convolution's scalar
// reference specifies it.
#pragma once

#include <span>

#include "base/aligned_bytes.h"
#include "base/cpu_features.h"
#include "kernels/epilogue/epilogue.h"

namespace quantface {

// Packed weights are numbers from zero up: the weight and this.
constexpr int32_t packed_offset(int bits) {
    return 1 << (bits - 1);
}

// Blocks of `columns` output channels (zeros behind the last one), in each groups of four consecutive weights
// of every column: (depth group, 4 columns bytes as they would be in int8), which is four parts of `columns`
// bytes. Packed: parts 0 and 1, then 2 and 3, as low and high nibbles of `columns` bytes; for 6 bits then
// `columns` bytes with the upper two bits of parts 0 to 3 at bits 0, 2, 4 and 6.
struct FullyConnectedTask {
    const uint8_t* levels = nullptr;  // 4 * depth_groups entries, zeros behind the true depth
    int64_t depth_groups = 0;
    const std::byte* weights = nullptr;  // the block
    int bits = 4;                        // 4 or 6
    int columns = 0;                     // true channels of the block
    int32_t correction = 0;              // added to every sum: what packed_offset() has brought in
    int first_channel = 0;
    const EpilogueParams* epilogue = nullptr;
    const EpilogueData* data = nullptr;  // of one pixel
};

struct FullyConnectedKernel {
    const char* name;
    CpuFeatures needs;
    int columns;
    void (*run)(const FullyConnectedTask& task);
};

// Slowest first.
std::span<const FullyConnectedKernel> fully_connected_kernels();

// With how many bits weights of a width are packed: 4 or 6; 0: not at all.
constexpr int packed_bits(int weight_bits) {
    return weight_bits <= 4 ? 4 : weight_bits <= 6 ? 6 : 0;
}

// weight: (out channels, depth), |weight| < 2^(bits - 1).
AlignedBytes pack_fully_connected(const FullyConnectedKernel& kernel, int64_t depth, int out_channels,
                                  int bits, const int8_t* weight);
size_t fully_connected_scratch_bytes(int64_t depth);

struct FullyConnectedArguments {
    const uint8_t* input = nullptr;  // depth levels
    int64_t depth = 0;
    int out_channels = 0;
    int bits = 4;
    const std::byte* weight = nullptr;  // as pack_fully_connected() gives it
    const EpilogueParams* epilogue = nullptr;
    EpilogueData data;
    std::byte* scratch = nullptr;
};

// Channels first_channel to end_channel - 1; both are multiples of the kernel's columns, or the end.
void run_fully_connected(const FullyConnectedKernel& kernel, const FullyConnectedArguments& arguments,
                         int first_channel, int end_channel);

void run_fully_connected_portable(const FullyConnectedTask& task);
#if defined(QUANTFACE_X86_KERNELS)
void run_fully_connected_avx2(const FullyConnectedTask& task);
void run_fully_connected_avx512_vnni(const FullyConnectedTask& task);
#endif

}  // namespace quantface
