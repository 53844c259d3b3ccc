#include "synth/view_traits.h"

#include "synth/sampler.h"

namespace quantface {

namespace {

constexpr float kDegree = kPi / 180.0f;

PoseTraits sample_pose(Sampler& sampler) {
    PoseTraits pose;
    const float spread = sampler.chance(0.22f) ? 32.0f : 13.0f;
    pose.yaw = std::clamp(sampler.normal(0, spread), -75.0f, 75.0f) * kDegree;
    pose.pitch = std::clamp(sampler.normal(-1, 9), -28.0f, 28.0f) * kDegree;
    pose.roll = sampler.normal(0, 7) * kDegree;
    pose.distance = sampler.chance(0.2f) ? sampler.uniform(380, 800) : sampler.uniform(800, 4000);
    return pose;
}

Expression sample_expression(Sampler& sampler) {
    Expression e;
    const float pick = sampler.uniform(0, 1);
    if (pick < 0.42f) {  // a broad smile
        e.smile = sampler.uniform(0.5f, 1);
        e.lips_part = sampler.chance(0.85f) ? sampler.uniform(4, 13) : 0.0f;
        e.jaw_drop = sampler.chance(0.4f) ? sampler.uniform(0, 8) : 0.0f;
    } else if (pick < 0.60f) {  // speaking
        e.smile = sampler.normal(0, 0.2f);
        e.lips_part = sampler.uniform(1, 5);
        e.jaw_drop = sampler.uniform(0, 12);
        e.pucker = sampler.chance(0.3f) ? sampler.uniform(0.2f, 0.9f) : 0.0f;
    } else if (pick < 0.63f) {  // shouting, singing
        e.jaw_drop = sampler.uniform(12, 26);
        e.lips_part = 4;
    } else {
        e.smile = sampler.normal(0.15f, 0.25f);
        e.lips_part = sampler.chance(0.25f) ? sampler.uniform(0, 3) : 0.0f;
    }
    e.smile = std::clamp(e.smile, -0.5f, 1.0f);
    e.brow_raise = sampler.normal(0, 1.6f);
    e.frown = std::max(0.0f, sampler.normal(0.05f, 0.3f));
    const float lids = std::clamp(sampler.normal(0.98f - 0.22f * std::max(0.0f, e.smile), 0.14f), 0.3f, 1.3f);
    e.lid_left = e.lid_right = sampler.chance(0.05f) ? sampler.uniform(0, 0.25f) : lids;
    e.lid_left *= sampler.uniform(0.93f, 1.07f);
    e.gaze_x = sampler.normal(0, 0.14f);
    e.gaze_y = sampler.normal(-0.03f, 0.1f);
    return e;
}

// A tint of white, warm to cool.
Vec3 sample_white(Sampler& sampler, float strength) {
    const float warmth = sampler.normal(0, strength), green = sampler.normal(0, strength * 0.25f);
    return {std::exp(warmth), std::exp(green), std::exp(-warmth)};
}

Vec3 light_direction(float azimuth, float elevation) {
    return {std::sin(azimuth) * std::cos(elevation), std::sin(elevation),
            std::cos(azimuth) * std::cos(elevation)};
}

LightTraits sample_light(Sampler& sampler) {
    LightTraits light;
    const bool flash = sampler.chance(0.22f), overcast = !flash && sampler.chance(0.3f);
    const float key = overcast ? sampler.uniform(0.1f, 0.45f) : sampler.uniform(0.4f, 1.3f);
    const float azimuth = flash ? sampler.normal(0, 0.15f) : sampler.normal(0, 0.85f);
    const float elevation = flash ? sampler.normal(0.1f, 0.1f) : sampler.normal(0.65f, 0.4f);
    light.lights[0] = {light_direction(azimuth, std::clamp(elevation, -0.4f, 1.4f)),
                       sample_white(sampler, 0.14f) * key};
    light.light_count = 1 + sampler.below(3);
    light.lights[1] = {light_direction(-azimuth * sampler.uniform(0.3f, 2), sampler.normal(0.3f, 0.4f)),
                       sample_white(sampler, 0.2f) * sampler.uniform(0.05f, 0.6f)};
    const float side = sampler.chance(0.5f) ? 1.0f : -1.0f;  // from behind, along the edge of the face
    light.lights[2] = {light_direction(side * sampler.uniform(1.6f, 2.5f), sampler.normal(0.3f, 0.3f)),
                       sample_white(sampler, 0.3f) * sampler.uniform(0.1f, 1.4f)};
    light.shadow_softness = sampler.chance(0.4f) ? sampler.uniform(0.5f, 1.5f) : sampler.uniform(1.5f, 5);
    Environment& e = light.environment;
    const float ambient = overcast ? sampler.uniform(0.45f, 0.9f) : sampler.uniform(0.08f, 0.6f);
    e.add_everywhere(sample_white(sampler, 0.12f) * (ambient * 0.45f));
    e.add_lobe({0, 1, 0}, sample_white(sampler, 0.2f) * (ambient * sampler.uniform(0.4f, 1.4f)));
    e.add_lobe({0, -1, 0}, sampler.colour(0.3f, 1) * (ambient * sampler.uniform(0, 0.6f)));
    for (int i = 0; i < 2; ++i) {
        const Vec3 direction = sampler.direction();
        e.add_lobe(direction, sampler.colour(0.3f, 1) * (ambient * sampler.uniform(0.2f, 1.5f)));
    }
    return light;
}

Wear sample_wear(const FaceTraits& face, Sampler& sampler) {
    Wear wear;
    if (sampler.chance(face.habits.headwear)) {
        wear.headwear = static_cast<Headwear>(1 + sampler.below(4));
        wear.headwear_colour = sampler.colour(0.01f, 0.7f);
    }
    if (sampler.chance(face.habits.glasses)) wear.eyewear = Eyewear::kClear;
    if (sampler.chance(0.035f)) wear.eyewear = Eyewear::kSun;
    const float lens =
        wear.eyewear == Eyewear::kSun ? sampler.uniform(0.02f, 0.3f) : sampler.uniform(0.85f, 0.98f);
    wear.lens_tint = mix(Vec3{1, 1, 1}, sampler.colour(0.9f, 1), 0.4f) * lens;
    wear.lens_reflection = sampler.uniform(0.05f, 0.9f);
    wear.mask = sampler.chance(0.012f);
    wear.mask_colour = sampler.chance(0.5f) ? Vec3{0.55f, 0.7f, 0.8f} : sampler.colour(0.02f, 0.8f);
    wear.clothes = sampler.colour(0.01f, 0.8f);
    wear.clothes_second = sampler.colour(0.01f, 0.8f);
    wear.clothes_pattern = sampler.below(4);
    wear.occluder = sampler.chance(0.035f);
    wear.occluder_position = {sampler.normal(0, 45), sampler.uniform(-130, -75), sampler.uniform(45, 80)};
    wear.occluder_size = {sampler.uniform(12, 32), sampler.uniform(15, 50), sampler.uniform(10, 25)};
    wear.occluder_colour = sampler.chance(0.5f) ? Vec3{0.4f, 0.25f, 0.18f} : sampler.colour(0.01f, 0.5f);
    return wear;
}

SensorTraits sample_sensor(Sampler& sampler) {
    SensorTraits s;
    s.exposure = 0.27f * std::exp(sampler.normal(0, 0.32f));
    s.white_balance = sample_white(sampler, 0.05f);
    s.gamma = std::exp(sampler.normal(0, 0.09f));
    s.contrast = std::exp(sampler.normal(0.22f, 0.17f));
    s.saturation = std::clamp(sampler.normal(1.06f, 0.18f), 0.3f, 1.6f);
    s.vignette = sampler.chance(0.3f) ? sampler.uniform(0.05f, 0.5f) : 0.0f;
    s.defocus = sampler.chance(0.22f) ? sampler.uniform(0.4f, 1.3f) : sampler.uniform(0.1f, 0.5f);
    if (sampler.chance(0.12f)) s.motion = sampler.uniform(1, 5);
    s.motion_angle = sampler.uniform(0, kPi);
    s.downsample = sampler.chance(0.45f)   ? sampler.uniform(1.0f, 1.6f)
                   : sampler.chance(0.15f) ? sampler.uniform(1.6f, 2.8f)
                                           : 1.0f;
    s.noise = 0.0018f * std::exp(sampler.normal(0, 0.8f));
    s.jpeg_quality = sampler.chance(0.75f) ? 35 + sampler.below(62) : 0;
    s.sharpen = sampler.chance(0.3f) ? sampler.uniform(0.1f, 0.7f) : 0.0f;
    s.grey = sampler.chance(0.025f);
    s.seed = sampler.seed32();
    return s;
}

}  // namespace

ViewTraits sample_view_traits(uint64_t seed, uint64_t identity, uint64_t view, const FaceTraits& face) {
    Sampler sampler(seed, combine_hash(combine_hash(identity, 0x71), view));
    ViewTraits traits;
    traits.pose = sample_pose(sampler);
    traits.expression = sample_expression(sampler);
    traits.light = sample_light(sampler);
    traits.wear = sample_wear(face, sampler);
    traits.sensor = sample_sensor(sampler);
    traits.shift_x = sampler.normal(0, 0.8f);
    traits.shift_y = sampler.normal(0, 0.8f);
    traits.scale = std::exp(sampler.normal(0, 0.015f));
    traits.tilt = sampler.normal(0, 0.02f);
    traits.background_seed = sampler.seed32();
    traits.hair_seed = sampler.seed32();
    return traits;
}

}  // namespace quantface
