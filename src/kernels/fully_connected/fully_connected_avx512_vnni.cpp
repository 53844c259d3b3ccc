// Four registers of 16 columns, vpdpbusd.
#include <cstring>

#include "kernels/epilogue/finish_tile.h"
#include "kernels/epilogue/lanes_avx512.h"
#include "kernels/fully_connected/fully_connected.h"

namespace quantface {

namespace {

constexpr int kColumns = 64;

// The four parts of a group.
template <int kBits>
[[gnu::always_inline]] inline void unpack(const std::byte* packed, __m512i (&parts)[4]) {
    const __m512i nibble = _mm512_set1_epi8(15), upper = _mm512_set1_epi8(0x30);
    const __m512i first = _mm512_loadu_si512(packed), second = _mm512_loadu_si512(packed + 64);
    parts[0] = _mm512_and_si512(first, nibble);
    parts[1] = _mm512_and_si512(_mm512_srli_epi16(first, 4), nibble);
    parts[2] = _mm512_and_si512(second, nibble);
    parts[3] = _mm512_and_si512(_mm512_srli_epi16(second, 4), nibble);
    if constexpr (kBits == 6) {
        const __m512i bits = _mm512_loadu_si512(packed + 128);
        constexpr int kSelectOr = 0xea;  // (a & b) | c
        parts[0] = _mm512_ternarylogic_epi32(_mm512_slli_epi16(bits, 4), upper, parts[0], kSelectOr);
        parts[1] = _mm512_ternarylogic_epi32(_mm512_slli_epi16(bits, 2), upper, parts[1], kSelectOr);
        parts[2] = _mm512_ternarylogic_epi32(bits, upper, parts[2], kSelectOr);
        parts[3] = _mm512_ternarylogic_epi32(_mm512_srli_epi16(bits, 2), upper, parts[3], kSelectOr);
    }
}

template <int kBits>
void run(const FullyConnectedTask& task) {
    constexpr int kGroupBytes = kColumns * (kBits == 6 ? 3 : 2);
    // The weights of the next few lines come while these are used: the hardware follows one stream well, but
    // begins anew with each block.
    constexpr int kAhead = 1024;
    __m512i sums[1][4];
    const __m512i correction = _mm512_set1_epi32(task.correction);
    for (int v = 0; v < 4; ++v) {
        sums[0][v] = _mm512_add_epi32(_mm512_loadu_si512(task.epilogue->bias + task.first_channel + 16 * v),
                                      correction);
    }
    const std::byte* packed = task.weights;
    for (int64_t depth = 0; depth < task.depth_groups; ++depth, packed += kGroupBytes) {
        int32_t four;
        memcpy(&four, task.levels + depth * 4, sizeof four);
        const __m512i levels = _mm512_set1_epi32(four);
        for (int line = 0; line < kGroupBytes; line += 64) {
            _mm_prefetch(reinterpret_cast<const char*>(packed + kAhead + line), _MM_HINT_T0);
        }
        __m512i parts[4];
        unpack<kBits>(packed, parts);
        for (int v = 0; v < 4; ++v) sums[0][v] = _mm512_dpbusd_epi32(sums[0][v], levels, parts[v]);
    }
    finish_sums<Avx512Lanes, 1, 4>(*task.epilogue, *task.data, {0, task.first_channel, task.columns}, sums);
}

}  // namespace

void run_fully_connected_avx512_vnni(const FullyConnectedTask& task) {
    if (task.bits == 6) {
        run<6>(task);
    } else {
        run<4>(task);
    }
}

}  // namespace quantface
