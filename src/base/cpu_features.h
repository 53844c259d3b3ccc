// Which instruction sets the CPU and the operating system let this process use.
#pragma once

#include <cstdint>

namespace quantface {

// A set of bits of CpuFeature; 0 is the baseline of the architecture.
using CpuFeatures = uint32_t;

enum CpuFeature : CpuFeatures {
    // x86-64
    kCpuAvx2 = 1,
    kCpuAvxVnni = 2,     // AVX2 and the 256-bit dot product in its VEX encoding
    kCpuAvx512 = 4,      // AVX-512 F, BW, DQ and VL together, and AVX2
    kCpuAvx512Vnni = 8,  // the same and VNNI
    // 64-bit ARM, whose baseline has NEON
    kCpuNeonDotprod = 1 << 16,  // dot products of 8-bit numbers (ARMv8.2 DotProd)
    kCpuNeonI8mm = 1 << 17,     // 8-bit matrix products and dot products of mixed signs (ARMv8.6 I8MM)
};

// Of the machine this runs on; found out once.
CpuFeatures cpu_features();

}  // namespace quantface
