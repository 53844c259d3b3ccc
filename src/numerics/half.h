// IEEE 754 binary16 as a storage format: per-channel numbers are kept to 11 significant bits in the model
// file, and are rounded to it BEFORE anything is computed with them, so that what is stored is exactly what
// runs.
#pragma once

#include <cstdint>

namespace quantface {

// Nearest binary16, ties to even; overflow gives infinity.
uint16_t float_to_half(float value);
float half_to_float(uint16_t half);
inline float round_to_half(float value) {
    return half_to_float(float_to_half(value));
}

}  // namespace quantface
