// Convolution as a blocked matrix product: the same driver for every kernel of the product.
#pragma once

#include "kernels/conv/conv.h"

namespace quantface {

int64_t conv_blocked_packed_bytes(const GemmKernel& gemm, const ConvGeometry& geometry);
// packed: that many bytes, zeroed.
void pack_conv_blocked(const GemmKernel& gemm, const ConvGeometry& geometry, const int8_t* weight,
                       int8_t* packed);
std::vector<int32_t> padding_sums_blocked(const GemmKernel& gemm, const ConvGeometry& geometry,
                                          const int8_t* weight, const uint8_t* padding_level);
size_t conv_blocked_scratch_bytes(const GemmKernel& gemm, const ConvGeometry& geometry);
void convolve_blocked(const GemmKernel& gemm, const ConvArguments& arguments, const ConvPart& part);

}  // namespace quantface
