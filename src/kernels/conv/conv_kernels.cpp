#include <cstring>

#include "kernels/conv/conv.h"
#include "kernels/conv/conv_blocked.h"

namespace quantface {

namespace {

int64_t weight_count(const ConvGeometry& geometry) {
    return geometry.out_channels * geometry.depth();
}

}  // namespace

std::span<const ConvKernel> conv_kernels() {
    static const std::vector<ConvKernel> kernels = [] {
        std::vector<ConvKernel> rows = {{"scalar", 0, nullptr}};
        for (const GemmKernel& gemm : gemm_kernels()) rows.push_back({gemm.name, gemm.needs, &gemm});
        return rows;
    }();
    return kernels;
}

int64_t conv_packed_bytes(const ConvKernel& kernel, const ConvGeometry& geometry) {
    return kernel.gemm ? conv_blocked_packed_bytes(*kernel.gemm, geometry) : weight_count(geometry);
}

AlignedBytes pack_conv(const ConvKernel& kernel, const ConvGeometry& geometry, const int8_t* weight) {
    AlignedBytes packed(static_cast<size_t>(conv_packed_bytes(kernel, geometry)));
    if (kernel.gemm) {
        pack_conv_blocked(*kernel.gemm, geometry, weight, reinterpret_cast<int8_t*>(packed.data()));
    } else {
        memcpy(packed.data(), weight, packed.size());
    }
    return packed;
}

std::vector<int32_t> conv_padding_sums(const ConvKernel& kernel, const ConvGeometry& geometry,
                                       const int8_t* weight, const uint8_t* padding_level) {
    if (!kernel.gemm) return {};
    return padding_sums_blocked(*kernel.gemm, geometry, weight, padding_level);
}

size_t conv_scratch_bytes(const ConvKernel& kernel, const ConvGeometry& geometry) {
    return kernel.gemm ? conv_blocked_scratch_bytes(*kernel.gemm, geometry) : 0;
}

void run_conv(const ConvKernel& kernel, const ConvArguments& arguments, const ConvPart& part) {
    if (kernel.gemm) {
        convolve_blocked(*kernel.gemm, arguments, part);
    } else {
        convolve_reference(arguments, part);
    }
}

}  // namespace quantface
