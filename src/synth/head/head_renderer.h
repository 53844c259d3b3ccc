// Draws a person of the head model.
#pragma once

#include <cstdint>

#include "synth/head/head_model.h"
#include "synth/lit_picture.h"
#include "synth/view_traits.h"

namespace quantface {

struct FaceRenderOptions;
struct FaceRenderInfo;

// face: sample_face_traits(seed, identity), view: sample_view_traits of it. info may be null.
LitPicture draw_head(const HeadModel& model, uint64_t seed, uint64_t identity, const FaceTraits& face,
                     const ViewTraits& view, const FaceRenderOptions& options, FaceRenderInfo* info);

}  // namespace quantface
