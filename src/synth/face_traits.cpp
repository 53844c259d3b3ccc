#include "synth/face_traits.h"

#include "synth/sampler.h"

namespace quantface {

namespace {

// Shape deviations are drawn this much wider than measured among people.
constexpr float kSpread = 1.9f;

Ancestry sample_ancestry(Sampler& sampler) {
    float weights[4];
    float sum = 0;
    for (float& weight : weights) {
        const float u = sampler.uniform(0, 1);
        sum += weight = u * u * u * 0.3f;
    }
    const float pick = sampler.uniform(0, 1);
    const int main = pick < 0.52f ? 0 : pick < 0.68f ? 1 : pick < 0.86f ? 2 : 3;
    weights[main] += 1;
    sum += 1;
    return {weights[0] / sum, weights[1] / sum, weights[2] / sum, weights[3] / sum};
}

void sample_eyes_and_brow(ShapeTraits& s, const Ancestry& a, float male, float old, Sampler& sampler) {
    auto draw = [&](float mean, float deviation) { return sampler.normal(mean, deviation * kSpread); };
    s.eye_half_distance = draw(31.5f + 0.5f * male + a.african, 1.5f);
    s.eye_half_width = draw(14.6f + 0.3f * male, 1.0f);
    s.eye_opening = std::max(6.0f, draw(10.2f - 0.5f * male - 1.4f * a.east - 1.3f * old, 1.0f));
    s.eye_tilt = draw(0.05f + 0.07f * a.east - 0.05f * old, 0.05f);
    s.eye_depth = draw(0.8f * (a.african + a.east), 1.1f);
    s.eye_peak = draw(-0.1f, 0.2f);
    s.lid_fold = std::max(0.3f, draw(3.2f - 2.4f * a.east - 0.8f * old, 0.9f));
    s.socket_depth = std::max(2.0f, draw(7.5f + 1.2f * male - 3.0f * a.east - a.african, 1.6f));
    s.lash = sampler.uniform(0.4f, 1.3f);
    s.eye_bags = std::max(0.0f, draw(0.4f + 1.3f * old, 0.5f));
    s.brow_ridge = draw(1.8f + 1.6f * male - 0.8f * a.east, 1.1f);
    s.brow_height = draw(19.5f - 1.8f * male, 1.6f);
}

void sample_nose(ShapeTraits& s, const Ancestry& a, float male, float old, Sampler& sampler) {
    auto draw = [&](float mean, float deviation) { return sampler.normal(mean, deviation * kSpread); };
    s.nose_length = draw(46.5f + 1.5f * male + 1.5f * old - 2.0f * a.african, 2.4f);
    s.nose_tip_height = s.nose_length - std::clamp(draw(10.0f - 1.5f * old, 1.8f), 5.0f, 15.0f);
    s.nose_height = std::max(15.0f, draw(26.0f + 1.3f * male - 3.5f * a.african - 3.0f * a.east, 2.2f));
    s.nose_bridge_height = std::max(1.5f, draw(8.5f + male - 4.0f * a.african - 4.0f * a.east, 1.7f));
    s.nose_hump = draw(0.4f * male + 0.5f * a.south + 0.3f, 1.1f);
    s.nose_bridge_width = std::max(4.0f, draw(6.3f + 0.4f * male + 2.0f * a.african + a.east, 0.8f));
    s.nose_tip_width = std::max(5.0f, draw(7.8f + 0.5f * male + 2.0f * a.african + 0.8f * a.east, 0.9f));
    s.nostril_half_width =
        std::max(12.0f, draw(16.5f + male + 4.5f * a.african + 1.8f * a.east + a.south, 1.3f));
    s.nose_bend = draw(0, 0.7f);
}

void sample_mouth_and_chin(ShapeTraits& s, const Ancestry& a, float male, float old, Sampler& sampler) {
    auto draw = [&](float mean, float deviation) { return sampler.normal(mean, deviation * kSpread); };
    s.mouth_height = std::max(s.nose_length + 15.0f, draw(70.5f + 2.0f * male + old, 2.7f));
    s.mouth_half_width = draw(25.5f + male + 1.5f * a.african, 1.7f);
    s.upper_lip =
        std::max(2.5f, draw(7.0f - 0.6f * male - 2.2f * old + 3.2f * a.african + 0.5f * a.east, 1.3f));
    s.lower_lip = std::max(4.0f, draw(9.0f - 0.5f * male - 2.0f * old + 3.0f * a.african, 1.4f));
    s.lip_fullness = std::max(0.8f, draw(3.4f - 1.4f * old + 2.2f * a.african, 0.9f));
    s.cupid_bow = std::max(0.0f, draw(1.1f, 0.6f));
    s.mouth_curve = draw(-0.2f - 1.2f * old, 1.0f);
    s.chin_height = std::max(s.mouth_height + 30.0f, draw(112.5f + 4.0f * male, 4.0f));
    s.chin_width = draw(1.0f + 0.10f * male, 0.11f);
    s.chin_forward = draw(4.0f + male - 1.5f * a.african - a.east, 2.0f);
    s.chin_cleft = sampler.chance(0.15f) ? sampler.uniform(0.5f, 2.0f) : 0.0f;
    s.jaw_half_width = draw(62.0f + 3.0f * male + 1.5f * a.east + 1.5f * old, 3.0f);
    s.nasolabial = std::max(0.1f, draw(0.7f + 1.8f * old + 0.1f * male, 0.45f));
}

ShapeTraits sample_shape(const Ancestry& a, float male, float age, Sampler& sampler) {
    const float old = saturate((age - 25.0f) / 50.0f);
    auto draw = [&](float mean, float deviation) { return sampler.normal(mean, deviation * kSpread); };
    ShapeTraits s;
    sample_eyes_and_brow(s, a, male, old, sampler);
    sample_nose(s, a, male, old, sampler);
    sample_mouth_and_chin(s, a, male, old, sampler);
    s.cheek_half_width = draw(72.5f + 2.0f * male + 3.0f * a.east, 2.8f);
    s.temple_half_width = draw(75.5f + 1.5f * male + a.east, 2.8f);
    s.cheekbone = draw(2.5f + 1.8f * a.east + 0.8f * a.african - 0.5f * male, 1.4f);
    s.cheek_fullness = draw(0.3f - 0.5f * male - 1.2f * old, 2.0f);
    s.forehead_slope = draw(3.0f * male, 4.0f);
    s.crown_height = draw(116.0f + 2.0f * male, 4.0f);
    s.face_depth = draw(2.0f - 4.0f * a.east, 3.5f);
    s.neck_half_width = draw(52.0f + 5.0f * male, 3.0f);
    s.ear_size = draw(1.0f + 0.04f * male + 0.07f * old, 0.08f);
    s.ear_angle = std::clamp(draw(0.45f, 0.15f), 0.15f, 1.0f);
    s.warp = sampler.uniform(3.0f, 7.5f);
    s.warp_asymmetry = sampler.uniform(0.4f, 2.2f);
    s.warp_seed = sampler.seed32();
    return s;
}

Vec3 sample_iris(float melanin, Sampler& sampler) {
    const Vec3 brown{0.075f, 0.032f, 0.014f}, hazel{0.17f, 0.11f, 0.04f}, green{0.13f, 0.17f, 0.08f},
        blue{0.14f, 0.23f, 0.36f}, grey{0.22f, 0.25f, 0.28f};
    if (melanin > 0.3f || sampler.chance(0.35f)) return brown * sampler.uniform(0.4f, 1.6f);
    const int pick = sampler.below(4);
    return (pick == 0 ? hazel : pick == 1 ? green : pick == 2 ? blue : grey) * sampler.uniform(0.7f, 1.2f);
}

SkinTraits sample_skin(const Ancestry& a, float masculinity, float age, Sampler& sampler) {
    const float old = saturate((age - 25.0f) / 50.0f);
    SkinTraits s;
    const float mean = 0.13f * a.west + 0.66f * a.african + 0.19f * a.east + 0.42f * a.south;
    s.melanin = std::clamp(sampler.normal(mean, 0.05f + 0.25f * mean), 0.02f, 1.0f);
    s.blood = std::clamp(sampler.normal(0.5f + 0.1f * old, 0.28f), 0.0f, 1.4f);
    s.yellow = std::clamp(sampler.normal(0.15f + 0.25f * a.east + 0.2f * a.south, 0.15f), 0.0f, 0.8f);
    s.mottling = std::max(0.15f, sampler.normal(0.4f + 0.35f * old, 0.22f));
    s.patches = sampler.uniform(0.0f, 0.14f);
    s.freckles = s.melanin < 0.22f && sampler.chance(0.3f) ? sampler.uniform(0.2f, 1.0f) : 0.0f;
    s.wrinkles = std::max(0.0f, sampler.normal(1.0f * old, 0.2f));
    s.gloss = std::clamp(sampler.normal(0.5f + 0.2f * a.african, 0.28f), 0.05f, 1.3f);
    s.blush = std::clamp(sampler.normal(0.35f, 0.3f), 0.0f, 1.2f);
    s.eye_shade = std::max(0.0f, sampler.normal(0.35f + 0.3f * a.south + 0.3f * old, 0.22f));
    s.lip_melanin = saturate(s.melanin * 1.1f + sampler.normal(0.05f - 0.05f * masculinity, 0.12f));
    s.moles = sampler.below(6);
    s.iris = sample_iris(s.melanin, sampler);
    s.seed = sampler.seed32();
    return s;
}

HairStyle sample_style(float masculinity, float age, bool african, Sampler& sampler) {
    const float pick = sampler.uniform(0, 1);
    if (masculinity > 0) {
        const float bald = 0.03f + 0.18f * saturate((age - 30.0f) / 40.0f) + (african ? 0.12f : 0.0f);
        if (pick < bald) return HairStyle::kBald;
        if (pick < bald + (african ? 0.45f : 0.16f)) return HairStyle::kCropped;
        if (pick < 0.70f) return HairStyle::kShort;
        if (pick < 0.80f) return HairStyle::kSwept;
        if (pick < 0.88f) return HairStyle::kFringe;
        return pick < 0.95f ? HairStyle::kCurly : HairStyle::kLong;
    }
    if (pick < (african ? 0.15f : 0.03f)) return HairStyle::kCropped;
    if (pick < 0.20f) return HairStyle::kShort;
    if (pick < 0.34f) return HairStyle::kFringe;
    if (pick < (african ? 0.55f : 0.42f)) return HairStyle::kCurly;
    return pick < 0.80f ? HairStyle::kLong : HairStyle::kTied;
}

HairTraits sample_hair(const Ancestry& a, float masculinity, float age, float melanin, Sampler& sampler) {
    const float old = saturate((age - 25.0f) / 50.0f);
    const bool male = masculinity > 0;
    HairTraits h;
    h.style = sample_style(masculinity, age, a.african > 0.5f, sampler);
    const Vec3 black{0.012f, 0.010f, 0.009f}, brown{0.065f, 0.036f, 0.020f}, blond{0.42f, 0.27f, 0.12f},
        red{0.26f, 0.085f, 0.03f}, light_brown{0.17f, 0.10f, 0.055f};
    const float pick = sampler.uniform(0, 1);
    h.colour = melanin > 0.3f || a.east > 0.5f ? (pick < 0.85f ? black : brown)
               : pick < 0.22f                  ? black
               : pick < 0.52f                  ? brown
               : pick < 0.74f                  ? light_brown
               : pick < 0.94f                  ? blond
                                               : red;
    h.colour = h.colour * sampler.uniform(0.6f, 1.6f);
    if (!male && sampler.chance(0.12f)) h.colour = sampler.colour(0.05f, 0.5f);
    h.grey = sampler.chance(0.85f) ? saturate(sampler.normal(1.8f * (old - 0.5f), 0.25f)) : 0.0f;
    h.hairline = std::max(44.0f, sampler.normal(60.0f + (male ? 16.0f * old : 0.0f), 9.0f));
    h.recession = std::max(0.0f, sampler.normal(male ? 4.0f + 16.0f * old : 1.0f, 5.0f));
    h.volume = std::max(4.0f, sampler.normal(12.0f, 5.0f));
    if (h.style == HairStyle::kCropped) h.volume = 2.5f;
    if (h.style == HairStyle::kCurly) h.volume = sampler.uniform(14, 45);
    if (h.style == HairStyle::kLong) h.volume = sampler.uniform(8, 24);
    if (h.style == HairStyle::kTied) h.volume = sampler.uniform(4, 9);
    h.parting = sampler.normal(0, 22);
    h.length = sampler.uniform(40, 220);
    h.curtain = sampler.uniform(0.75f, 1.45f);
    h.waviness = sampler.uniform(0, 1);
    h.brow_density = std::clamp(sampler.normal(male ? 0.8f : 0.68f, 0.2f), 0.1f, 1.2f);
    h.brow_thickness = std::max(1.6f, sampler.normal(male ? 5.4f : 3.8f, 2.0f));
    h.brow_arch = sampler.normal(male ? 1.8f : 3.4f, 2.3f);
    h.brow_gap = sampler.normal(0, 4.0f);
    if (male) {
        h.stubble = std::max(0.0f, sampler.normal(0.3f, 0.3f));
        if (sampler.chance(0.24f)) h.moustache = sampler.uniform(0.5f, 1);
        if (sampler.chance(0.19f)) h.beard = sampler.uniform(0.4f, 1);
        if (h.beard > 0 && sampler.chance(0.8f)) h.moustache = std::max(h.moustache, h.beard);
    }
    h.seed = sampler.seed32();
    return h;
}

HabitTraits sample_habits(float masculinity, float age, Sampler& sampler) {
    HabitTraits h;
    if (sampler.chance(age > 45 ? 0.32f : 0.16f)) h.glasses = 0.85f;
    h.lens_half_width = sampler.uniform(20, 29);
    h.lens_half_height = h.lens_half_width * sampler.uniform(0.55f, 0.95f);
    h.lens_squareness = sampler.uniform(2.0f, 5.0f);
    h.frame_thickness = sampler.chance(0.5f) ? sampler.uniform(0.7f, 1.4f) : sampler.uniform(1.5f, 4.0f);
    h.frame_colour = sampler.chance(0.6f) ? Vec3{0.02f, 0.02f, 0.02f} : sampler.colour(0.05f, 0.6f);
    if (masculinity < 0 && sampler.chance(0.7f)) h.make_up = sampler.uniform(0.15f, 1);
    h.lipstick = {sampler.uniform(0.25f, 0.6f), sampler.uniform(0.02f, 0.13f), sampler.uniform(0.03f, 0.18f)};
    h.eye_shadow = sampler.chance(0.6f) ? Vec3{0.10f, 0.06f, 0.05f} : sampler.colour(0.05f, 0.4f);
    h.headwear = sampler.chance(0.12f) ? 0.6f : 0.04f;
    return h;
}

}  // namespace

FaceTraits sample_face_traits(uint64_t seed, uint64_t identity) {
    Sampler sampler(seed, combine_hash(identity, 0x1d));
    FaceTraits traits;
    const Ancestry ancestry = traits.ancestry = sample_ancestry(sampler);
    const float size = sampler.uniform(0.35f, 1);
    traits.masculinity = sampler.chance(0.58f) ? size : -size;
    traits.age =
        sampler.chance(0.06f) ? sampler.uniform(8, 16) : std::clamp(sampler.normal(42, 15), 16.0f, 85.0f);
    // Children have little of either sex's growth.
    const float male = traits.age < 16 ? traits.masculinity * 0.3f - 0.6f : traits.masculinity;
    traits.shape = sample_shape(ancestry, male, traits.age, sampler);
    traits.skin = sample_skin(ancestry, traits.masculinity, traits.age, sampler);
    traits.hair = sample_hair(ancestry, traits.masculinity, traits.age, traits.skin.melanin, sampler);
    traits.habits = sample_habits(traits.masculinity, traits.age, sampler);
    if (traits.age < 17) {
        traits.hair.stubble = traits.hair.moustache = traits.hair.beard = 0;
        traits.habits.make_up = 0;
        if (traits.hair.style == HairStyle::kBald) traits.hair.style = HairStyle::kShort;
    }
    return traits;
}

}  // namespace quantface
