// Who a rendered person is: shape, skin, hair and habits, drawn once per identity.
#pragma once

#include <cstdint>

#include "synth/vec.h"

namespace quantface {

// Millimetres in the head's frame: the origin midway between the pupils, x to the face's own left (the
// image's right), y up, z forward. The means follow craniofacial anthropometry of adults; the spread is wider
// than among real people, because a renderer varies in fewer ways than nature does.
struct ShapeTraits {
    float eye_half_distance = 31.5f;
    float eye_half_width = 14.5f;
    float eye_opening = 10;
    float eye_tilt = 0.06f;  // rise of the outer corner over the inner, per millimetre
    float eye_depth = 0;     // how far the eyeballs sit forward of the usual
    float eye_peak = 0;      // where the upper lid is highest: -1 inner to 1 outer
    float lid_fold = 3;      // distance of the lid's crease from its edge; small where the eye has a fold
    float socket_depth = 8;
    float lash = 0.8f;  // width of the dark line of the lashes
    float eye_bags = 0.5f;
    float brow_ridge = 2;
    float brow_height = 21;        // of the eyebrow's middle over the pupil
    float nose_length = 47;        // from the pupils' level down to the base of the nose
    float nose_tip_height = 37;    // the same for the tip
    float nose_height = 26;        // how far the tip stands out of the face
    float nose_bridge_height = 7;  // the same at the eyes' level
    float nose_hump = 0;
    float nose_bridge_width = 6.5f;
    float nose_tip_width = 8;
    float nostril_half_width = 17;
    float nose_bend = 0;
    float mouth_height = 71;  // of the lip line below the pupils
    float mouth_half_width = 25.5f;
    float upper_lip = 7, lower_lip = 9;
    float lip_fullness = 3.5f;
    float cupid_bow = 1;
    float mouth_curve = 0;    // how far the corners lie over the middle at rest
    float chin_height = 114;  // below the pupils
    float chin_width = 1;     // squareness, about 1
    float chin_forward = 4;
    float chin_cleft = 0;
    float jaw_half_width = 53;
    float cheek_half_width = 68;
    float temple_half_width = 73;
    float cheekbone = 3;
    float cheek_fullness = 0;
    float forehead_slope = 0;
    float crown_height = 116;
    float face_depth = 0;  // how far the middle of the face stands before its sides
    float neck_half_width = 56;
    float nasolabial = 1;
    float ear_size = 1, ear_angle = 0.45f;
    float warp = 2;               // strength of the person's own smooth deformation
    float warp_asymmetry = 0.7f;  // strength of the part that is not mirrored
    uint32_t warp_seed = 0;
};

struct SkinTraits {
    float melanin = 0.2f;  // 0 palest to 1 darkest
    float blood = 0.5f;    // redness
    float yellow = 0;
    float mottling = 0.5f;
    float patches = 0.15f;  // strength of large pale and dark areas, the same on both sides
    float freckles = 0;
    float wrinkles = 0;
    float gloss = 0.4f;
    float blush = 0.3f;
    float eye_shade = 0.3f;  // darker skin round the eyes
    float lip_melanin = 0.3f;
    int moles = 2;
    Vec3 iris{0.1f, 0.05f, 0.02f};
    uint32_t seed = 0;
};

enum class HairStyle { kBald, kCropped, kShort, kSwept, kFringe, kCurly, kLong, kTied };

struct HairTraits {
    HairStyle style = HairStyle::kShort;
    Vec3 colour{0.05f, 0.03f, 0.02f};  // linear RGB
    float grey = 0;
    float hairline = 74;  // height of the forehead's edge over the pupils
    float recession = 0;  // of the corners of the hairline
    float volume = 12;
    float parting = 0;     // x of the parting, millimetres
    float length = 150;    // how far long hair falls below the pupils
    float curtain = 1.2f;  // angle from the front at which long hair begins, radians
    float waviness = 0.5f;
    float brow_density = 0.7f, brow_thickness = 4.5f, brow_arch = 2.5f, brow_gap = 0;
    float stubble = 0, moustache = 0, beard = 0;  // 0 none to 1 full
    uint32_t seed = 0;
};

struct HabitTraits {
    float glasses = 0;  // chance of a view with glasses
    float lens_half_width = 25, lens_half_height = 19, lens_squareness = 2.6f;
    float frame_thickness = 1.5f;
    Vec3 frame_colour{0.02f, 0.02f, 0.02f};
    float make_up = 0;  // 0 none to 1 strong
    Vec3 lipstick{0.4f, 0.05f, 0.08f};
    Vec3 eye_shadow{0.2f, 0.12f, 0.1f};
    float headwear = 0.06f;  // chance of a view with something on the head
};

// Weights of four loose population means (west Eurasian, African, east Asian, south Asian); they sum to 1.
struct Ancestry {
    float west = 1, african = 0, east = 0, south = 0;
};

struct FaceTraits {
    Ancestry ancestry;
    float masculinity = 0;  // -1 to 1
    float age = 35;         // years
    ShapeTraits shape;
    SkinTraits skin;
    HairTraits hair;
    HabitTraits habits;
};

// Deterministic for (seed, identity).
FaceTraits sample_face_traits(uint64_t seed, uint64_t identity);

}  // namespace quantface
