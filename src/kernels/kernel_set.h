// The kernels that go together: one row for each instruction set.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/conv/conv.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/epilogue/epilogue.h"
#include "kernels/fully_connected/fully_connected.h"

namespace quantface {

struct KernelSet {
    const char* name;
    CpuFeatures needs;
    const ConvKernel* conv;
    const ConvKernel* narrow_conv;                // null: none
    const DepthwiseKernel* depthwise;             // null: conv does these too
    const DepthwiseKernel* narrow_depthwise;      // null: none
    const FullyConnectedKernel* fully_connected;  // null: conv does these too
    const ElementwiseKernel* elementwise;
    const EpilogueKernel* epilogue;

    // The faster one that is exact with operands of such products.
    const ConvKernel& conv_for(int32_t largest_product) const;
    const DepthwiseKernel* depthwise_for(const ConvGeometry& geometry, int32_t largest_product,
                                         bool has_weight_offset) const;
};

// Those that a CPU with `features` can run, slowest first. The first is the scalar reference, the last the
// best.
std::vector<KernelSet> kernel_sets(CpuFeatures features);

inline bool can_run(CpuFeatures needs, CpuFeatures features) {
    return (needs & ~features) == 0;
}

// The best of this CPU, or the one that the environment variable QUANTFACE_ISA names; throws Error(kUsage)
// where that is none of this CPU's.
KernelSet chosen_kernel_set();

}  // namespace quantface
