// Four products of a level and a weight added in int32 by one instruction, without saturation (vpdpbusd).
#include <immintrin.h>

#include <cstring>

#include "kernels/gemm/gemm.h"

namespace quantface {

namespace {

constexpr int kColumns = 32;  // two registers of sums a row
constexpr int kMaxRows = 12;  // 24 registers of sums, 2 of weights, the rest to work with

template <int kRows>
void multiply_rows(const char* activations, ptrdiff_t row_stride_bytes, const int8_t* weights,
                   int64_t depth_groups, int32_t* accumulators) {
    __m512i sums[kRows][2];
    for (int row = 0; row < kRows; ++row) sums[row][0] = sums[row][1] = _mm512_setzero_si512();
    for (int64_t group = 0; group < depth_groups; ++group) {
        const int8_t* packed = weights + group * 4 * kColumns;
        const __m512i left = _mm512_loadu_si512(packed);
        const __m512i right = _mm512_loadu_si512(packed + 64);
        for (int row = 0; row < kRows; ++row) {
            int32_t four;
            memcpy(&four, activations + row * row_stride_bytes + group * 4, sizeof four);
            const __m512i levels = _mm512_set1_epi32(four);
            sums[row][0] = _mm512_dpbusd_epi32(sums[row][0], levels, left);
            sums[row][1] = _mm512_dpbusd_epi32(sums[row][1], levels, right);
        }
    }
    for (int row = 0; row < kRows; ++row) {
        _mm512_storeu_si512(accumulators + row * kColumns, sums[row][0]);
        _mm512_storeu_si512(accumulators + row * kColumns + 16, sums[row][1]);
    }
}

void multiply(int rows, const void* activations, ptrdiff_t row_stride_bytes, const int8_t* weights,
              int64_t depth_groups, int32_t* accumulators) {
    using Function = void (*)(const char*, ptrdiff_t, const int8_t*, int64_t, int32_t*);
    static constexpr Function kByRows[kMaxRows] = {multiply_rows<1>,  multiply_rows<2>,  multiply_rows<3>,
                                                   multiply_rows<4>,  multiply_rows<5>,  multiply_rows<6>,
                                                   multiply_rows<7>,  multiply_rows<8>,  multiply_rows<9>,
                                                   multiply_rows<10>, multiply_rows<11>, multiply_rows<12>};
    kByRows[rows - 1](static_cast<const char*>(activations), row_stride_bytes, weights, depth_groups,
                      accumulators);
}

void sum_rows(int64_t rows, const void* activations, ptrdiff_t row_stride_bytes, int64_t depth,
              int32_t* sums) {
    const __m512i ones = _mm512_set1_epi8(1);
    for (int64_t row = 0; row < rows; ++row) {
        const char* levels = static_cast<const char*>(activations) + row * row_stride_bytes;
        __m512i vector = _mm512_setzero_si512();
        for (int64_t index = 0; index < depth; index += 64) {
            const int64_t left = depth - index;
            const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
            vector = _mm512_dpbusd_epi32(vector, _mm512_maskz_loadu_epi8(mask, levels + index), ones);
        }
        sums[row] = _mm512_reduce_add_epi32(vector);
    }
}

void add_products(int rows, const int32_t* sums, const int32_t* factors, int32_t* accumulators) {
    const __m512i left = _mm512_loadu_si512(factors);
    const __m512i right = _mm512_loadu_si512(factors + 16);
    for (int row = 0; row < rows; ++row) {
        const __m512i sum = _mm512_set1_epi32(sums[row]);
        int32_t* to = accumulators + row * kColumns;
        _mm512_storeu_si512(to, _mm512_add_epi32(_mm512_loadu_si512(to), _mm512_mullo_epi32(sum, left)));
        _mm512_storeu_si512(to + 16,
                            _mm512_add_epi32(_mm512_loadu_si512(to + 16), _mm512_mullo_epi32(sum, right)));
    }
}

}  // namespace

const GemmKernel kGemmAvx512Vnni{{kColumns, 4}, kMaxRows, nullptr, multiply, sum_rows, add_products};

}  // namespace quantface
