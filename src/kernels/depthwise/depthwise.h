// Depthwise convolution (one input and one output channel a group): no matrix product, so vectors run across
// channels. One row of depthwise_kernels() for each instruction set; conv_kernels()[0] is the scalar
// reference.
#pragma once

#include <span>
#include <vector>

#include "kernels/conv/conv.h"

namespace quantface {

// accumulators[c] = sum over taps of tap[t][c] * (weight[c][t] + weight_offset[c]), for c < channels; entries
// up to the next multiple of kDepthwiseChannelUnit may be overwritten. weight_offset: as in ConvArguments, or
// null. tap_count is a multiple of the kernel's tap_unit; taps past the window point at a pixel of zeros.
struct DepthwiseKernel {
    const char* name;
    CpuFeatures needs;
    int tap_unit;
    // weight: (channels, taps)
    std::vector<int8_t> (*pack)(const int8_t* weight, int64_t channels, int64_t taps);
    void (*accumulate)(const uint8_t* const* taps, int64_t tap_count, const int8_t* packed,
                       const int32_t* weight_offset, int channels, int32_t* accumulators);
    int epilogue;  // row of epilogue_kernels() that goes with it
};

constexpr int kDepthwiseChannelUnit = 64;

std::span<const DepthwiseKernel> depthwise_kernels();

size_t depthwise_scratch_bytes(const ConvGeometry& geometry, const DepthwiseKernel& kernel);
// arguments.geometry->is_depthwise(); weights as kernel.pack gives them.
void convolve_depthwise(const ConvArguments& arguments, const DepthwiseKernel& kernel);

void accumulate_depthwise_portable(const uint8_t* const*, int64_t, const int8_t*, const int32_t*, int,
                                   int32_t*);
void accumulate_depthwise_avx2(const uint8_t* const*, int64_t, const int8_t*, const int32_t*, int, int32_t*);
void accumulate_depthwise_avx512_vnni(const uint8_t* const*, int64_t, const int8_t*, const int32_t*, int,
                                      int32_t*);

}  // namespace quantface
