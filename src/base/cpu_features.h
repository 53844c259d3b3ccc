// Which instruction sets the CPU and the operating system let this process use.
#pragma once

#include <cstdint>

namespace quantface {

// A set of bits of CpuFeature; 0 is the baseline of the architecture.
using CpuFeatures = uint32_t;

enum CpuFeature : CpuFeatures {
    kCpuAvx2 = 1,
    kCpuAvx512Vnni = 2,  // AVX-512 F, BW, DQ, VL and VNNI together
};

// Of the machine this runs on; found out once.
CpuFeatures cpu_features();

}  // namespace quantface
