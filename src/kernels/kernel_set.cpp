#include "kernels/kernel_set.h"

#include <string_view>

namespace quantface {

namespace {

// The row of a family's table with a name, or null where the family has none.
template <typename Kernel>
const Kernel* find_kernel(std::span<const Kernel> kernels, std::string_view name) {
    for (const Kernel& kernel : kernels) {
        if (kernel.name == name) return &kernel;
    }
    return nullptr;
}

}  // namespace

std::vector<KernelSet> kernel_sets(CpuFeatures features) {
    std::vector<KernelSet> sets;
    for (const ConvKernel& conv : conv_kernels()) {
        if (!can_run(conv.needs, features)) continue;
        const EpilogueKernel* epilogue = find_kernel(epilogue_kernels(), conv.name);
        sets.push_back({conv.name, conv.needs, &conv, find_kernel(depthwise_kernels(), conv.name),
                        epilogue ? epilogue : &epilogue_kernels().front()});
    }
    return sets;
}

}  // namespace quantface
