// Convolution of u8 levels with s8 weights, any window and groups. One row of conv_kernels() for the scalar
// reference and for each kernel of the matrix product.
#pragma once

#include <span>
#include <vector>

#include "base/aligned_bytes.h"
#include "kernels/conv/conv_geometry.h"
#include "kernels/epilogue/epilogue.h"
#include "kernels/gemm/gemm.h"

namespace quantface {

struct ConvArguments {
    const ConvGeometry* geometry = nullptr;
    const uint8_t* input = nullptr;
    const int8_t* weight = nullptr;  // as pack_conv() gives it
    // Added to every weight of an output channel: asymmetric weights whose levels less their zero point do
    // not fit 8 bits. out_channels entries, readable kChannelSlack past the last; null: none.
    const int32_t* weight_offset = nullptr;
    const uint8_t* padding_level = nullptr;  // in_channels
    // What each line of a window adds up to where it lies in the padding: conv_padding_sums(). May be null;
    // else such lines are not multiplied.
    const int32_t* padding_sums = nullptr;
    // No level (padding's too) times the magnitude of a weight (without weight_offset) is more; see
    // GemmKernel::largest_product.
    int32_t largest_product = kLargestProduct;
    // What is read after this convolution: may be fetched towards its end.
    std::span<const std::byte> next_weight;
    const EpilogueParams* epilogue = nullptr;
    EpilogueData data;
    std::byte* scratch = nullptr;  // conv_scratch_bytes(), aligned to 64; its contents do not matter
};

// What of the output one call computes: channels are all of them, or begin and end at multiples of
// kMaxGemmColumns (or with the last one) of a convolution without groups.
struct ConvPart {
    int64_t first_pixel = 0, end_pixel = 0;
    int first_channel = 0, end_channel = 0;
};

inline ConvPart whole(const ConvGeometry& geometry) {
    return {0, geometry.out_pixels(), 0, geometry.out_channels};
}

// sum = (weight + weight_offset) * level over the window; padding reads padding_level; then the epilogue. The
// sums of |weight| * level and of |weight_offset| * level together stay within int32, bias included, so every
// order of adding up is exact: the fast kernels add weight_offset * (sum of levels) at the end.
struct ConvKernel {
    const char* name;
    CpuFeatures needs;
    const GemmKernel* gemm;  // null: the scalar reference
};

// Slowest first; the first is the scalar reference.
std::span<const ConvKernel> conv_kernels();

int64_t conv_packed_bytes(const ConvKernel& kernel, const ConvGeometry& geometry);
// weight: (out channels, kernel height, kernel width, in channels / groups)
AlignedBytes pack_conv(const ConvKernel& kernel, const ConvGeometry& geometry, const int8_t* weight);
// Of each line of the window, (kernel height, out channels): the sum of its weights times padding_level, as
// the kernel lacks it where it passes over the line; empty where the kernel does not. weight: as for
// pack_conv().
std::vector<int32_t> conv_padding_sums(const ConvKernel& kernel, const ConvGeometry& geometry,
                                       const int8_t* weight, const uint8_t* padding_level);
size_t conv_scratch_bytes(const ConvKernel& kernel, const ConvGeometry& geometry);
// Parts may run at once, each with scratch memory of its own.
void run_conv(const ConvKernel& kernel, const ConvArguments& arguments, const ConvPart& part);

// The specification. Weights as they come.
void convolve_reference(const ConvArguments& arguments, const ConvPart& part);

}  // namespace quantface
