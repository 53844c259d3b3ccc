// The built-in renderer as a source of images.
#pragma once

#include <cstdint>
#include <memory>

#include "faces/image_source.h"

namespace quantface {

// In the description of faces rendered without a head model.
inline constexpr const char* kBuiltInHead = "of the built-in head";
// What to tell users whose cache holds no head model.
inline constexpr const char* kBuiltInHeadNote =
    "note: faces are rendered from the simple built-in head, which serves less well; `quantface assets` says "
    "how to "
    "get the real one";

// Consecutive images show the same person this many times, in different views.
inline constexpr int64_t kViewsPerIdentity = 2;

// Endless. Images of height x width pixels; where they are not square, the middle of a square of the longer
// side is cut out, which is how 112 x 96 inputs relate to the 112 x 112 template. Throws Error(kUsage) for
// sides outside 16 to 1024.
std::unique_ptr<ImageSource> make_rendered_source(uint64_t seed, int height, int width);

}  // namespace quantface
