// Who a person of the head model is: weights of shape targets, skins, eyes, brows, hair.
#pragma once

#include <vector>

#include "synth/face_traits.h"
#include "synth/head/head_model.h"

namespace quantface {

struct MorphWeight {
    int target = 0;
    float weight = 0;
};

enum class HairKind : uint8_t { kNone, kShell, kAttachment };

struct HeadIdentity {
    std::vector<MorphWeight> morphs;
    // Shares of the three sets of expressions: african, asian, caucasian.
    Vec3 origin;
    float warp = 1;  // millimetres of the person's own smooth deformation
    uint32_t warp_seed = 0;
    int skin_a = 0, skin_b = 0;  // of HeadModel::skins
    float skin_blend = 0, skin_contrast = 1;
    int eyes = -1, lashes = -1, brows = -1, beard = -1, moustache = -1;  // attachments; -1: none
    size_t iris_texture = 0;
    float brow_strength = 1;
    Vec3 brow_colour;
    HairKind hair_kind = HairKind::kNone;
    int hair = -1;
    float hair_volume = 1, hair_length = 1000, hair_opacity = 1;  // length: millimetres below the eyes
    bool fringe = false;                                          // hair that would hang over the eyes is cut
    float hairline = 0;                                           // -1 low to 1 receding
    Vec3 hair_colour;
    float teeth_white = 0.75f;
};

// Deterministic for (seed, identity). face: sample_face_traits of the same.
HeadIdentity sample_head_identity(uint64_t seed, uint64_t identity, const FaceTraits& face,
                                  const HeadModel& model);

}  // namespace quantface
