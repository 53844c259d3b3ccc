// The 256-bit dot product of AVX-512 VNNI: for CPUs that lower their clock where wide registers are used.
// Also what runs AVX-VNNI's tiles on machines that have only this encoding of the instruction.
#include "kernels/gemm/isa_avx2.h"
#include "kernels/gemm/tiles.h"

namespace quantface {

namespace {

struct Avx512VnniYmm : Avx2Tile {
    static constexpr int kWeightBytes = 32;
    static Vector load_weights(const int8_t* from) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    }
    static Vector dot(Vector sums, Vector levels, Vector weights) {
        return _mm256_dpbusd_epi32(sums, levels, weights);
    }
};

}  // namespace

const GemmKernel kGemmAvx512VnniYmm{"avx512_vnni_ymm",       kCpuAvx512Vnni,  {16, 8, 4, 0},
                                    Avx512VnniYmm::kMaxRows, kLargestProduct, nullptr,
                                    run_tiles<Avx512VnniYmm>};

}  // namespace quantface
