// How a rendered person appears in one photo: pose, expression, light, camera, sensor, what they wear.
#pragma once

#include <array>
#include <cstdint>

#include "synth/face_traits.h"
#include "synth/vec.h"

namespace quantface {

struct PoseTraits {
    float yaw = 0, pitch = 0, roll = 0;  // radians, see head_rotation
    float distance = 1500;               // of the camera from the face, millimetres
};

struct Expression {
    float jaw_drop = 0;                 // millimetres between the lips' inner edges
    float smile = 0;                    // -0.5 (sad) to 1
    float lips_part = 0;                // millimetres, shows teeth
    float pucker = 0;                   // 0 to 1
    float brow_raise = 0;               // millimetres
    float frown = 0;                    // 0 to 1
    float lid_left = 1, lid_right = 1;  // 0 shut to 1.25 wide, as a factor on the person's eye opening
    float gaze_x = 0, gaze_y = 0;       // radians
};

struct DirectionalLight {
    Vec3 direction{0, 0, 1};  // towards the light, unit length
    Vec3 colour{1, 1, 1};     // linear RGB irradiance
};

// Light that is not from the lamps: soft lobes from a few directions, ((1 + cosine) / 2)^2 each, whose sum is
// a polynomial of the normal.
struct Environment {
    Vec3 constant;
    Vec3 x, y, z;                 // factors of the normal's components
    Vec3 xx, yy, zz, xy, xz, yz;  // and of their products

    void add_everywhere(const Vec3& colour) { constant += colour; }
    void add_lobe(const Vec3& d, const Vec3& colour) {
        constant += colour * 0.25f;
        x += colour * (0.5f * d.x);
        y += colour * (0.5f * d.y);
        z += colour * (0.5f * d.z);
        xx += colour * (0.25f * d.x * d.x);
        yy += colour * (0.25f * d.y * d.y);
        zz += colour * (0.25f * d.z * d.z);
        xy += colour * (0.5f * d.x * d.y);
        xz += colour * (0.5f * d.x * d.z);
        yz += colour * (0.5f * d.y * d.z);
    }
    // Linear RGB irradiance on a unit normal.
    Vec3 at(const Vec3& n) const {
        return constant + (x + xx * n.x + xy * n.y + xz * n.z) * n.x + (y + yy * n.y + yz * n.z) * n.y +
               (z + zz * n.z) * n.z;
    }
};

struct LightTraits {
    std::array<DirectionalLight, 3> lights;  // the first casts shadows
    int light_count = 1;
    float shadow_softness = 2;  // radius of the shadow filter, texels of the shadow map
    Environment environment;
};

enum class Headwear { kNone, kCap, kBeanie, kScarf, kBand };
enum class Eyewear { kNone, kClear, kSun };

struct Wear {
    Headwear headwear = Headwear::kNone;
    Vec3 headwear_colour{0.2f, 0.2f, 0.2f};
    Eyewear eyewear = Eyewear::kNone;
    Vec3 lens_tint{1, 1, 1};
    float lens_reflection = 0.3f;
    bool mask = false;
    Vec3 mask_colour{0.6f, 0.7f, 0.8f};
    Vec3 clothes{0.2f, 0.2f, 0.2f}, clothes_second{0.5f, 0.5f, 0.5f};
    int clothes_pattern = 0;
    bool occluder = false;  // something held before the face: a hand, a cup, a microphone
    Vec3 occluder_position, occluder_size, occluder_colour;
};

struct SensorTraits {
    float exposure = 0.2f;  // linear level that the skin's mean goes to
    Vec3 white_balance{1, 1, 1};
    float gamma = 1;
    float contrast = 1;
    float saturation = 1;
    float vignette = 0;
    float defocus = 0;  // pixels of a 112-pixel image
    float motion = 0, motion_angle = 0;
    float downsample = 1;  // the image is shrunk by this and blown up again
    float noise = 0.01f;   // of full scale
    int jpeg_quality = 0;  // 0: not compressed
    float sharpen = 0;
    bool grey = false;
    uint32_t seed = 0;
};

struct ViewTraits {
    PoseTraits pose;
    Expression expression;
    LightTraits light;
    Wear wear;
    SensorTraits sensor;
    // Jitter of the alignment: pixels of a 112-pixel image, a factor, radians.
    float shift_x = 0, shift_y = 0, scale = 1, tilt = 0;
    uint32_t background_seed = 0;
    uint32_t hair_seed = 0;  // locks fall differently each day
};

// Deterministic for (seed, identity, view).
ViewTraits sample_view_traits(uint64_t seed, uint64_t identity, uint64_t view, const FaceTraits& face);

}  // namespace quantface
