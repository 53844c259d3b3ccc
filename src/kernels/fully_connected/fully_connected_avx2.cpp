// Four registers of eight columns. Weights from zero up have at most 63, so a pair of products with any level
// is at most 255 * 63 * 2: vpmaddubsw is exact.
#include <cstring>

#include "kernels/epilogue/finish_tile.h"
#include "kernels/epilogue/lanes_avx2.h"
#include "kernels/fully_connected/fully_connected.h"

namespace quantface {

namespace {

constexpr int kColumns = 32;

[[gnu::always_inline]] inline __m256i load(const std::byte* bytes) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
}

// The four parts of a group.
template <int kBits>
[[gnu::always_inline]] inline void unpack(const std::byte* packed, __m256i (&parts)[4]) {
    const __m256i nibble = _mm256_set1_epi8(15), upper = _mm256_set1_epi8(0x30);
    const __m256i first = load(packed), second = load(packed + 32);
    parts[0] = _mm256_and_si256(first, nibble);
    parts[1] = _mm256_and_si256(_mm256_srli_epi16(first, 4), nibble);
    parts[2] = _mm256_and_si256(second, nibble);
    parts[3] = _mm256_and_si256(_mm256_srli_epi16(second, 4), nibble);
    if constexpr (kBits == 6) {
        const __m256i bits = load(packed + 64);
        parts[0] = _mm256_or_si256(parts[0], _mm256_and_si256(_mm256_slli_epi16(bits, 4), upper));
        parts[1] = _mm256_or_si256(parts[1], _mm256_and_si256(_mm256_slli_epi16(bits, 2), upper));
        parts[2] = _mm256_or_si256(parts[2], _mm256_and_si256(bits, upper));
        parts[3] = _mm256_or_si256(parts[3], _mm256_and_si256(_mm256_srli_epi16(bits, 2), upper));
    }
}

template <int kBits>
void run(const FullyConnectedTask& task) {
    constexpr int kGroupBytes = kColumns * (kBits == 6 ? 3 : 2);
    const __m256i ones = _mm256_set1_epi16(1), correction = _mm256_set1_epi32(task.correction);
    __m256i sums[4];
    const auto* bias = reinterpret_cast<const __m256i*>(task.epilogue->bias + task.first_channel);
    for (int v = 0; v < 4; ++v) sums[v] = _mm256_add_epi32(_mm256_loadu_si256(bias + v), correction);
    const std::byte* packed = task.weights;
    for (int64_t depth = 0; depth < task.depth_groups; ++depth, packed += kGroupBytes) {
        int32_t four;
        memcpy(&four, task.levels + depth * 4, sizeof four);
        const __m256i levels = _mm256_set1_epi32(four);
        __m256i parts[4];
        unpack<kBits>(packed, parts);
        for (int v = 0; v < 4; ++v) {
            const __m256i pairs = _mm256_maddubs_epi16(levels, parts[v]);
            sums[v] = _mm256_add_epi32(sums[v], _mm256_madd_epi16(pairs, ones));
        }
    }
    const __m256i halves[2][1][2] = {{{sums[0], sums[1]}}, {{sums[2], sums[3]}}};
    for (int half = 0; half < 2; ++half) {
        const int left = task.columns - 16 * half;
        if (left <= 0) break;
        finish_sums<Avx2Lanes, 1, 2>(*task.epilogue, *task.data,
                                     {0, task.first_channel + 16 * half, left < 16 ? left : 16},
                                     halves[half]);
    }
}

}  // namespace

void run_fully_connected_avx2(const FullyConnectedTask& task) {
    if (task.bits == 6) {
        run<6>(task);
    } else {
        run<4>(task);
    }
}

}  // namespace quantface
