// One vector register of float32 for the training kernels, written with the compiler's vectors: each
// instruction set's file says how many lanes it has (QUANTFACE_LANES, a divisor of kChannelPadding) and has
// its own code of all this, as everything lies in unnamed namespaces.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "train/kernels/training_kernels.h"

namespace quantface {
namespace {

constexpr int kLanes = QUANTFACE_LANES;
typedef float Lanes __attribute__((vector_size(4 * kLanes)));
typedef int32_t LaneInts __attribute__((vector_size(4 * kLanes)));
typedef uint32_t LaneBits __attribute__((vector_size(4 * kLanes)));
typedef uint16_t LaneHalves __attribute__((vector_size(2 * kLanes)));

#define QF_INLINE inline __attribute__((always_inline))
#define QF_INLINE_LAMBDA __attribute__((always_inline))

QF_INLINE Lanes all(float number) {
    return Lanes{} + number;
}

QF_INLINE Lanes load(const float* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}
QF_INLINE void store(float* to, Lanes lanes) {
    std::memcpy(to, &lanes, sizeof lanes);
}

QF_INLINE Lanes widen(LaneHalves halves) {
    const LaneBits bits = __builtin_convertvector(halves, LaneBits) << 16;
    Lanes lanes;
    std::memcpy(&lanes, &bits, sizeof lanes);
    return lanes;
}
QF_INLINE LaneHalves narrow(Lanes lanes) {
    LaneBits bits;
    std::memcpy(&bits, &lanes, sizeof bits);
    bits += 0x7fffu + ((bits >> 16) & 1u);
    return __builtin_convertvector(bits >> 16, LaneHalves);
}
QF_INLINE Lanes load(const Bfloat16* from) {
    LaneHalves halves;
    std::memcpy(&halves, from, sizeof halves);
    return widen(halves);
}
QF_INLINE void store(Bfloat16* to, Lanes lanes) {
    const LaneHalves halves = narrow(lanes);
    std::memcpy(to, &halves, sizeof halves);
}

// The first `count` lanes; the others are 0 and stay untouched.
template <typename T>
QF_INLINE Lanes load_some(const T* from, int count) {
    T buffer[kLanes] = {};
    std::memcpy(buffer, from, sizeof(T) * static_cast<size_t>(count));
    return load(buffer);
}
template <typename T>
QF_INLINE void store_some(T* to, Lanes lanes, int count) {
    T buffer[kLanes];
    store(buffer, lanes);
    std::memcpy(to, buffer, sizeof(T) * static_cast<size_t>(count));
}

// kWhole: known to be all of them.
template <bool kWhole, typename T>
QF_INLINE Lanes load_lanes(const T* from, int count) {
    if constexpr (kWhole) return load(from);
    return load_some(from, count);
}
template <bool kWhole, typename T>
QF_INLINE void store_lanes(T* to, Lanes lanes, int count) {
    if constexpr (kWhole) {
        store(to, lanes);
    } else {
        store_some(to, lanes, count);
    }
}

QF_INLINE Lanes maximum(Lanes a, Lanes b) {
    return a > b ? a : b;
}
QF_INLINE Lanes minimum(Lanes a, Lanes b) {
    return a < b ? a : b;
}

// Half to even, for magnitudes below 2^22.
QF_INLINE Lanes round_lanes(Lanes lanes) {
    const Lanes magic = all(12582912.0f);
    return (lanes + magic) - magic;
}

// Over `count` numbers. body(the first one, lanes in use, whether that is all of them): whole registers
// first, then the rest.
template <typename Body>
QF_INLINE void for_each_register(int64_t count, const Body& body) {
    int64_t at = 0;
    for (; at + kLanes <= count; at += kLanes) body(at, kLanes, std::true_type{});
    if (at < count) body(at, static_cast<int>(count - at), std::false_type{});
}

QF_INLINE double sum_of(Lanes lanes) {
    double sum = 0;
    for (int lane = 0; lane < kLanes; ++lane) sum += static_cast<double>(lanes[lane]);
    return sum;
}

}  // namespace
}  // namespace quantface
