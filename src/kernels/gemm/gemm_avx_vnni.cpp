// AVX-VNNI: CPUs that have the dot product but not AVX-512 (Intel's since Alder Lake).
#include "kernels/gemm/isa_avx2.h"
#include "kernels/gemm/tiles.h"

namespace quantface {

namespace {

struct AvxVnni : Avx2Tile {
    static constexpr int kWeightBytes = 32;
    static Vector load_weights(const int8_t* from) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    }
    static Vector dot(Vector sums, Vector levels, Vector weights) {
        return _mm256_dpbusd_avx_epi32(sums, levels, weights);
    }
};

}  // namespace

const GemmKernel kGemmAvxVnni{"avx_vnni",      kCpuAvxVnni, {16, 8, 4, 0},     AvxVnni::kMaxRows,
                              kLargestProduct, nullptr,     run_tiles<AvxVnni>};

}  // namespace quantface
