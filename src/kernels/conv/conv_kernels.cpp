#include "kernels/conv/conv.h"
#include "kernels/conv/conv_blocked.h"

namespace quantface {

namespace {

template <const GemmKernel& kGemm>
int64_t packed_bytes(const ConvGeometry& geometry) {
    return conv_blocked_packed_bytes(geometry, kGemm.packing);
}

template <const GemmKernel& kGemm>
std::vector<int8_t> pack(const ConvGeometry& geometry, const int8_t* weight) {
    return pack_conv_blocked(geometry, weight, kGemm.packing);
}

template <const GemmKernel& kGemm>
size_t scratch_bytes(const ConvGeometry& geometry) {
    return conv_blocked_scratch_bytes(geometry, kGemm);
}

template <const GemmKernel& kGemm, int kEpilogue>
void run(const ConvArguments& arguments) {
    convolve_blocked(arguments, kGemm, epilogue_kernels()[kEpilogue]);
}

// kEpilogue: the row of epilogue_kernels() that goes with the instruction set.
template <const GemmKernel& kGemm, int kEpilogue>
constexpr ConvKernel blocked(const char* name, CpuFeatures needs) {
    return {name, needs, packed_bytes<kGemm>, pack<kGemm>, scratch_bytes<kGemm>, run<kGemm, kEpilogue>};
}

}  // namespace

std::span<const ConvKernel> conv_kernels() {
    static constexpr ConvKernel kKernels[] = {
        {"scalar", 0, conv_reference_packed_bytes, pack_conv_reference, conv_reference_scratch_bytes,
         convolve_reference},
        blocked<kGemmPortable, 0>("portable", 0),
#if defined(QUANTFACE_X86_KERNELS)
        blocked<kGemmAvx2, 1>("avx2", kCpuAvx2),
        blocked<kGemmAvx512Vnni, 2>("avx512_vnni", kCpuAvx512Vnni),
#endif
    };
    return kKernels;
}

}  // namespace quantface
