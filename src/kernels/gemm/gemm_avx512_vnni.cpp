// Four products of a level and a weight added in int32 by one instruction, without saturation (vpdpbusd).
#include "kernels/gemm/isa_avx512.h"
#include "kernels/gemm/tiles.h"

namespace quantface {

namespace {

struct Avx512Vnni : Avx512Tile {
    static constexpr int kWeightBytes = 64;
    static Vector load_weights(const int8_t* from) { return _mm512_loadu_si512(from); }
    static Vector dot(Vector sums, Vector levels, Vector weights) {
        return _mm512_dpbusd_epi32(sums, levels, weights);
    }
};

}  // namespace

const GemmKernel kGemmAvx512Vnni{"avx512_vnni",   kCpuAvx512Vnni, {64, 16, 4, 0},       Avx512Vnni::kMaxRows,
                                 kLargestProduct, nullptr,        run_tiles<Avx512Vnni>};

}  // namespace quantface
