// The colour of skin from its pigments.
#pragma once

#include "synth/vec.h"

namespace quantface {

// Linear RGB by melanin (0 to 1), blood (0 to 1.4) and yellow (0 to 1); the logarithm is linear in all three.
inline Vec3 skin_colour(float melanin, float blood, float yellow) {
    return {0.84f * std::exp(-2.0f * melanin - 0.06f * blood - 0.03f * yellow),
            0.62f * std::exp(-2.35f * melanin - 0.36f * blood - 0.05f * yellow),
            0.51f * std::exp(-2.7f * melanin - 0.36f * blood - 0.50f * yellow)};
}

}  // namespace quantface
