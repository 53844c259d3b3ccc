// What a material says about one point: how it reflects light.
#pragma once

#include "synth/vec.h"

namespace quantface {

struct Surface {
    Vec3 albedo{0.5f, 0.5f, 0.5f};  // linear RGB
    Vec3 normal{0, 0, 1};           // in the head's frame
    float gloss = 0;                // strength of the highlight, 0 to about 2
    float exponent = 20;            // sharpness of the highlight
    float scatter = 0;              // 0 hard to 1: light bleeds into the shade, red farthest
    float openness = 1;             // share of the sky that is seen, for cavities the mesh does not have
};

}  // namespace quantface
