// Levels and weights widened to int16, pairs of products added in int32 (vpmaddwd): exact, where the shorter
// way over vpmaddubsw would saturate at 255 * 127 * 2.
#include <immintrin.h>

#include <cstring>

#include "kernels/gemm/gemm.h"

namespace quantface {

namespace {

constexpr int kColumns = 16;  // two registers of sums a row
constexpr int kMaxRows = 6;   // 12 registers of sums, 2 of weights, 2 to work with

void widen(const uint8_t* levels, int64_t count, int16_t* wide) {
    int64_t index = 0;
    for (; index + 16 <= count; index += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(levels + index));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(wide + index), _mm256_cvtepu8_epi16(bytes));
    }
    for (; index < count; ++index) wide[index] = levels[index];
}

template <int kRows>
void multiply_rows(const char* activations, ptrdiff_t row_stride_bytes, const int8_t* weights,
                   int64_t depth_groups, int32_t* accumulators) {
    __m256i sums[kRows][2];
    for (int row = 0; row < kRows; ++row) sums[row][0] = sums[row][1] = _mm256_setzero_si256();
    for (int64_t group = 0; group < depth_groups; ++group) {
        const auto* packed = reinterpret_cast<const __m128i*>(weights + group * 2 * kColumns);
        const __m256i left = _mm256_cvtepi8_epi16(_mm_loadu_si128(packed));
        const __m256i right = _mm256_cvtepi8_epi16(_mm_loadu_si128(packed + 1));
        for (int row = 0; row < kRows; ++row) {
            int32_t pair;
            memcpy(&pair, activations + row * row_stride_bytes + group * 4, sizeof pair);
            const __m256i levels = _mm256_set1_epi32(pair);
            sums[row][0] = _mm256_add_epi32(sums[row][0], _mm256_madd_epi16(levels, left));
            sums[row][1] = _mm256_add_epi32(sums[row][1], _mm256_madd_epi16(levels, right));
        }
    }
    for (int row = 0; row < kRows; ++row) {
        auto* to = reinterpret_cast<__m256i*>(accumulators + row * kColumns);
        _mm256_storeu_si256(to, sums[row][0]);
        _mm256_storeu_si256(to + 1, sums[row][1]);
    }
}

void multiply(int rows, const void* activations, ptrdiff_t row_stride_bytes, const int8_t* weights,
              int64_t depth_groups, int32_t* accumulators) {
    using Function = void (*)(const char*, ptrdiff_t, const int8_t*, int64_t, int32_t*);
    static constexpr Function kByRows[kMaxRows] = {multiply_rows<1>, multiply_rows<2>, multiply_rows<3>,
                                                   multiply_rows<4>, multiply_rows<5>, multiply_rows<6>};
    kByRows[rows - 1](static_cast<const char*>(activations), row_stride_bytes, weights, depth_groups,
                      accumulators);
}

void sum_rows(int64_t rows, const void* activations, ptrdiff_t row_stride_bytes, int64_t depth,
              int32_t* sums) {
    const __m256i ones = _mm256_set1_epi16(1);
    for (int64_t row = 0; row < rows; ++row) {
        const auto* levels =
            reinterpret_cast<const int16_t*>(static_cast<const char*>(activations) + row * row_stride_bytes);
        __m256i vector = _mm256_setzero_si256();
        int64_t index = 0;
        for (; index + 16 <= depth; index += 16) {
            const __m256i some = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(levels + index));
            vector = _mm256_add_epi32(vector, _mm256_madd_epi16(some, ones));
        }
        int32_t lanes[8];
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), vector);
        int32_t sum = 0;
        for (const int32_t lane : lanes) sum += lane;
        for (; index < depth; ++index) sum += levels[index];
        sums[row] = sum;
    }
}

void add_products(int rows, const int32_t* sums, const int32_t* factors, int32_t* accumulators) {
    const __m256i left = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(factors));
    const __m256i right = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(factors + 8));
    for (int row = 0; row < rows; ++row) {
        const __m256i sum = _mm256_set1_epi32(sums[row]);
        auto* to = reinterpret_cast<__m256i*>(accumulators + row * kColumns);
        _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), _mm256_mullo_epi32(sum, left)));
        _mm256_storeu_si256(to + 1,
                            _mm256_add_epi32(_mm256_loadu_si256(to + 1), _mm256_mullo_epi32(sum, right)));
    }
}

}  // namespace

const GemmKernel kGemmAvx2{{kColumns, 2}, kMaxRows, widen, multiply, sum_rows, add_products};

}  // namespace quantface
