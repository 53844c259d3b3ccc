// Convolution of u8 levels with s8 weights, any window and groups. One row of conv_kernels() for each
// instruction set.
#pragma once

#include <span>
#include <vector>

#include "kernels/conv/conv_geometry.h"
#include "kernels/epilogue/epilogue.h"

namespace quantface {

struct ConvArguments {
    const ConvGeometry* geometry = nullptr;
    const uint8_t* input = nullptr;
    const int8_t* weight = nullptr;  // as the kernel's `pack` gives it
    // Added to every weight of an output channel: asymmetric weights whose levels less their zero point do
    // not fit 8 bits. out_channels entries, readable kChannelSlack past the last; null: none.
    const int32_t* weight_offset = nullptr;
    const uint8_t* padding_level = nullptr;  // in_channels
    const EpilogueParams* epilogue = nullptr;
    EpilogueData data;
    std::byte* scratch = nullptr;  // scratch_bytes(geometry), aligned to 64; its contents do not matter
};

// sum = (weight + weight_offset) * level over the window; padding reads padding_level; then the epilogue. The
// sums of |weight| * level and of |weight_offset| * level together stay within int32, bias included, so every
// order of adding up is exact: the fast kernels add weight_offset * (sum of levels) at the end.
struct ConvKernel {
    const char* name;
    CpuFeatures needs;
    int64_t (*packed_bytes)(const ConvGeometry& geometry);
    // weight: (out channels, kernel height, kernel width, in channels / groups)
    std::vector<int8_t> (*pack)(const ConvGeometry& geometry, const int8_t* weight);
    size_t (*scratch_bytes)(const ConvGeometry& geometry);
    void (*run)(const ConvArguments& arguments);
};

// Slowest first; the first is the scalar reference.
std::span<const ConvKernel> conv_kernels();

int64_t conv_reference_packed_bytes(const ConvGeometry& geometry);
std::vector<int8_t> pack_conv_reference(const ConvGeometry& geometry, const int8_t* weight);
size_t conv_reference_scratch_bytes(const ConvGeometry& geometry);
void convolve_reference(const ConvArguments& arguments);

}  // namespace quantface
