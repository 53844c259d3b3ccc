// The kernels that go together: one row for each instruction set.
#pragma once

#include <vector>

#include "kernels/conv/conv.h"
#include "kernels/depthwise/depthwise.h"
#include "kernels/epilogue/epilogue.h"

namespace quantface {

struct KernelSet {
    const char* name;
    CpuFeatures needs;
    const ConvKernel* conv;
    const DepthwiseKernel* depthwise;  // null: conv does these too
    const EpilogueKernel* epilogue;
};

// Those that a CPU with `features` can run, slowest first. The first is the scalar reference, the last the
// best.
std::vector<KernelSet> kernel_sets(CpuFeatures features);

inline bool can_run(CpuFeatures needs, CpuFeatures features) {
    return (needs & ~features) == 0;
}

}  // namespace quantface
