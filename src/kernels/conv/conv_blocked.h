// Convolution as a blocked matrix product: the same driver for every instruction set.
#pragma once

#include "kernels/conv/conv.h"
#include "kernels/gemm/gemm.h"

namespace quantface {

int64_t conv_blocked_packed_bytes(const ConvGeometry& geometry, const GemmPacking& packing);
std::vector<int8_t> pack_conv_blocked(const ConvGeometry& geometry, const int8_t* weight,
                                      const GemmPacking& packing);
size_t conv_blocked_scratch_bytes(const ConvGeometry& geometry, const GemmKernel& gemm);
void convolve_blocked(const ConvArguments& arguments, const GemmKernel& gemm, const EpilogueKernel& epilogue);

}  // namespace quantface
