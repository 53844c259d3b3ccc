// A portrait as light, before camera and file: patches of pixels, each with what the camera receives from it.
#pragma once

#include <cstdint>
#include <vector>

#include "synth/vec.h"

namespace quantface {

// A part of a pixel that shows one thing.
struct LitPatch {
    Vec3 light;          // linear, unexposed
    uint32_t pixel = 0;  // row * size + column
    float share = 1;     // of the pixel's area
};

struct LitPicture {
    std::vector<LitPatch> patches;
    std::vector<float> open;  // share of each pixel that nothing covers: background
    float skin_level = 0.3f;  // mean luminance of skin
};

}  // namespace quantface
