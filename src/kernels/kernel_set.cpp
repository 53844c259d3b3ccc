#include "kernels/kernel_set.h"

#include <cstdlib>

#include "base/error.h"

namespace quantface {

namespace {

// Rows of the families' tables by name; an empty name: none.
struct SetNames {
    const char* name;
    std::string_view conv, narrow_conv, depthwise, narrow_depthwise, fully_connected, elementwise, epilogue;
};

constexpr SetNames kSets[] = {
    {"scalar", "scalar", "", "", "", "", "portable", "scalar"},
    {"portable", "portable", "", "portable", "", "portable", "portable", "scalar"},
#if defined(QUANTFACE_X86_KERNELS)
    {"avx2", "avx2", "avx2_narrow", "avx2", "avx2_narrow", "avx2", "avx2", "avx2"},
    {"avx_vnni", "avx_vnni", "", "avx2", "avx2_narrow", "avx2", "avx2", "avx2"},
    {"avx512", "avx512", "avx512_narrow", "avx2", "avx2_narrow", "avx2", "avx512", "avx512"},
    {"avx512_vnni_ymm", "avx512_vnni_ymm", "", "avx2", "avx2_narrow", "avx2", "avx2", "avx2"},
    {"avx512_vnni", "avx512_vnni", "", "avx512_vnni", "", "avx512_vnni", "avx512", "avx512"},
#endif
#if defined(QUANTFACE_NEON_KERNELS)
    {"neon", "neon", "", "neon", "", "", "portable", "neon"},
    {"neon_dotprod", "neon_dotprod", "", "neon", "", "", "portable", "neon"},
    {"neon_i8mm", "neon_i8mm", "", "neon", "", "", "portable", "neon"},
#endif
};

template <typename Kernel>
const Kernel* find_kernel(std::span<const Kernel> kernels, std::string_view name) {
    if (name.empty()) return nullptr;
    for (const Kernel& kernel : kernels) {
        if (kernel.name == name) return &kernel;
    }
    check_failed("every kernel that a set names is in its family's table", __FILE__, __LINE__);
}

template <typename Kernel>
CpuFeatures needs_of(const Kernel* kernel) {
    return kernel ? kernel->needs : 0;
}

KernelSet set_of(const SetNames& names) {
    KernelSet set{names.name,
                  0,
                  find_kernel(conv_kernels(), names.conv),
                  find_kernel(conv_kernels(), names.narrow_conv),
                  find_kernel(depthwise_kernels(), names.depthwise),
                  find_kernel(depthwise_kernels(), names.narrow_depthwise),
                  find_kernel(fully_connected_kernels(), names.fully_connected),
                  find_kernel(elementwise_kernels(), names.elementwise),
                  find_kernel(epilogue_kernels(), names.epilogue)};
    set.needs = set.conv->needs | needs_of(set.narrow_conv) | needs_of(set.depthwise) |
                needs_of(set.narrow_depthwise) | needs_of(set.fully_connected) | set.elementwise->needs |
                set.epilogue->needs;
    return set;
}

}  // namespace

const ConvKernel& KernelSet::conv_for(int32_t largest_product) const {
    return narrow_conv && largest_product <= narrow_conv->gemm->largest_product ? *narrow_conv : *conv;
}

const DepthwiseKernel* KernelSet::depthwise_for(const ConvGeometry& geometry, int32_t largest_product,
                                                bool has_weight_offset) const {
    const bool narrow =
        narrow_depthwise && takes(*narrow_depthwise, geometry, largest_product, has_weight_offset);
    return narrow ? narrow_depthwise : depthwise;
}

std::vector<KernelSet> kernel_sets(CpuFeatures features) {
    std::vector<KernelSet> sets;
    for (const SetNames& names : kSets) {
        const KernelSet set = set_of(names);
        if (can_run(set.needs, features)) sets.push_back(set);
    }
    return sets;
}

KernelSet chosen_kernel_set() {
    const std::vector<KernelSet> sets = kernel_sets(cpu_features());
    const char* wanted = std::getenv("QUANTFACE_ISA");
    if (!wanted || !*wanted) return sets.back();
    std::string names;
    for (const KernelSet& set : sets) {
        if (std::string_view(set.name) == wanted) return set;
        names += names.empty() ? set.name : std::string(", ") + set.name;
    }
    fail_usage("QUANTFACE_ISA=" + std::string(wanted) + ": this CPU has " + names);
}

}  // namespace quantface
