// Draws a person with the simple head that needs no data: a surface of formulas, coloured by formulas.
#pragma once

#include "synth/face_renderer.h"
#include "synth/face_traits.h"
#include "synth/lit_picture.h"
#include "synth/view_traits.h"

namespace quantface {

// info may be null.
LitPicture draw_built_in_head(const FaceTraits& face, const ViewTraits& view,
                              const FaceRenderOptions& options, FaceRenderInfo* info);

}  // namespace quantface
