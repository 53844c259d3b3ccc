// Depthwise convolution (one input and one output channel a group): no matrix product, so vectors run across
// channels. One row of depthwise_kernels() for each way of an instruction set; conv_kernels()[0] is the
// scalar reference.
#pragma once

#include <span>

#include "kernels/conv/conv.h"

namespace quantface {

// What one call computes: consecutive output pixels of one line of the image, or of two lines one below the
// other, channels first_channel to end_channel - 1.
struct DepthwiseTask {
    // Line ky of the window's column c: columns[c * column_lines + ky], a pixel's first channel. Output pixel
    // p has the columns p * stride_x + kx * dilation_x; in the second line its window begins a line further
    // down.
    const uint8_t* const* columns = nullptr;
    int column_lines = 1;  // kernel_height, and one more where there are two lines
    int lines = 1;
    int pixels = 0;           // of each line
    int64_t second_line = 0;  // pixels from one output line to the next
    int kernel_height = 1, kernel_width = 1;
    int stride_x = 1, dilation_x = 1;
    int first_channel = 0, end_channel = 0;  // first_channel: a multiple of kMaxGemmColumns
    int channels = 0;                        // of the image
    const std::byte* weights = nullptr;
    const int32_t* weight_offset = nullptr;  // as in ConvArguments
    const EpilogueParams* epilogue = nullptr;
    const EpilogueData* data = nullptr;
    int64_t first_pixel = 0;
};

struct DepthwiseKernel {
    const char* name;
    CpuFeatures needs;
    // Adds all products of a channel in int16: only where taps * largest product <= 32767, and without weight
    // offsets.
    bool adds_in_int16;
    // Takes two lines of a 3x3 window without stride or dilation.
    bool takes_two_lines;
    // weight: (channels, kernel height, kernel width)
    AlignedBytes (*pack)(const ConvGeometry& geometry, const int8_t* weight);
    void (*run)(const DepthwiseTask& task);
};

// Slowest first; of one instruction set the kernel that takes any operands comes first.
std::span<const DepthwiseKernel> depthwise_kernels();

// Whether the kernel is exact with these operands (ConvArguments has what they mean).
bool takes(const DepthwiseKernel& kernel, const ConvGeometry& geometry, int32_t largest_product,
           bool has_weight_offset);

size_t depthwise_scratch_bytes(const ConvGeometry& geometry);
// arguments.geometry->is_depthwise(); arguments.weight as kernel.pack gives it. Parts' channels begin at
// multiples of kMaxGemmColumns and end there or with the last one.
void run_depthwise(const DepthwiseKernel& kernel, const ConvArguments& arguments, const ConvPart& part);

AlignedBytes pack_depthwise_portable(const ConvGeometry& geometry, const int8_t* weight);
void run_depthwise_portable(const DepthwiseTask& task);
#if defined(QUANTFACE_X86_KERNELS)
AlignedBytes pack_depthwise_avx2(const ConvGeometry& geometry, const int8_t* weight);
void run_depthwise_avx2(const DepthwiseTask& task);
AlignedBytes pack_depthwise_avx2_narrow(const ConvGeometry& geometry, const int8_t* weight);
void run_depthwise_avx2_narrow(const DepthwiseTask& task);
AlignedBytes pack_depthwise_avx512_vnni(const ConvGeometry& geometry, const int8_t* weight);
void run_depthwise_avx512_vnni(const DepthwiseTask& task);
#endif

}  // namespace quantface
