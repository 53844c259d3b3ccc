#include "synth/built_in/skin_material.h"

#include "synth/noise.h"
#include "synth/sampler.h"
#include "synth/skin_colour.h"

namespace quantface {

namespace {

// The features lie on the front of the head only.
constexpr float kFaceBack = -55;

// Thickness of hair growth at a point: strands along `dx`, `dy` (millimetres per period across and along).
float strands(const Vec3& p, float across, float along, uint32_t seed) {
    return 0.5f + 0.5f * noise2(p.x / across, p.y / along, seed);
}

}  // namespace

SkinMaterial::SkinMaterial(const FaceTraits& face, const HeadShape& head)
    : face_(face),
      head_(head),
      hair_colour_(mix(face.hair.colour, Vec3{0.42f, 0.41f, 0.40f}, 0.85f * face.hair.grey)) {
    Sampler sampler(face.skin.seed, 5);
    for (Mole& mole : moles_) {
        mole = {sampler.uniform(-55, 55), sampler.uniform(-105, 60), sampler.uniform(0.8f, 2.2f),
                sampler.uniform(0.3f, 1)};
    }
}

void SkinMaterial::add_spots(const Vec3& p, float& melanin, float& blood) const {
    const SkinTraits& s = face_.skin;
    const float coarse = noise3(p * (1 / 22.0f), s.seed), middle = noise3(p * (1 / 8.0f), s.seed + 1),
                fine = noise3(p * (1 / 2.6f), s.seed + 2);
    melanin += s.mottling * (0.05f + 0.1f * melanin) * (coarse + 0.7f * middle + 0.55f * fine);
    const Vec3 mirrored{std::abs(p.x), p.y, p.z};
    const float patch =
        noise3(mirrored * (1 / 17.0f), s.seed + 13) + 0.6f * noise3(mirrored * (1 / 8.0f), s.seed + 15);
    melanin += s.patches * patch;
    blood += 2.5f * s.patches * noise3(mirrored * (1 / 20.0f), s.seed + 14);
    blood += s.mottling * (0.30f * noise3(p * (1 / 14.0f), s.seed + 3) + 0.18f * fine);
    if (s.freckles > 0 && p.z > kFaceBack) {
        const float where = bell2(p.x, 42, p.y + 22, 30);
        melanin += s.freckles * where * 0.35f * smooth_step(0.25f, 0.6f, noise3(p * (1 / 2.1f), s.seed + 4));
    }
    for (int i = 0; i < s.moles && p.z > kFaceBack; ++i) {
        const Mole& mole = moles_[static_cast<size_t>(i)];
        const float dx = p.x - mole.x, dy = p.y - mole.y;
        if (dx * dx + dy * dy < 3 * mole.radius * mole.radius) {
            melanin +=
                0.6f * mole.strength * smooth_step(1.5f, 0.7f, std::sqrt(dx * dx + dy * dy) / mole.radius);
        }
    }
    // Blood shows in the cheeks, the nose and the ears.
    const float side_x = std::abs(p.x);
    if (p.z > kFaceBack) {
        const float cheeks = bell2(side_x - 38, 15, p.y + 32, 14) + 0.8f * bell2(side_x, 12, p.y + 38, 10);
        blood += s.blush * cheeks * 0.9f;
        blood -= 0.15f * bell2(side_x, 40, p.y - 50, 18);
    }
}

void SkinMaterial::add_wrinkles(const Vec3& p, Surface& surface) const {
    const SkinTraits& s = face_.skin;
    const float side_x = std::abs(p.x);
    const float raise = std::max(0.0f, head_.expression().brow_raise * 0.25f);
    const float smile = std::max(0.0f, head_.expression().smile);
    // Lines across the forehead.
    const float forehead = bell2(p.x, 32, p.y - 50, 15) * (s.wrinkles + raise * (0.3f + s.wrinkles));
    float depth = 0;
    if (forehead > 0.02f) {
        const float wave = p.y / 8.0f + 0.9f * noise2(p.x / 22, p.y / 16, s.seed + 9);
        const float line = std::abs(wave - std::round(wave));
        const float broken = saturate(0.6f + 0.9f * noise2(p.x / 15, p.y / 7, s.seed + 12));
        depth += 0.8f * forehead * broken * smooth_step(0.16f, 0.0f, line);
        surface.normal.y += 0.25f * forehead * std::sin(2 * kPi * wave);
    }
    // Crow's feet beside the eyes.
    const float outside = side_x - head_.traits().eye_half_distance - head_.traits().eye_half_width;
    const float feet = bell2(outside - 9, 6, p.y, 9) * s.wrinkles * (0.5f + 0.8f * smile);
    if (feet > 0.02f) {
        const float wave = p.y / 4.5f + p.y * outside / 120 + 0.3f * noise2(p.x / 9, p.y / 9, s.seed + 10);
        depth += 0.8f * feet * smooth_step(0.18f, 0.0f, std::abs(wave - std::round(wave)));
    }
    // Frown lines between the brows, and the crepe of old cheeks.
    depth += 0.9f * (head_.expression().frown + 0.4f * s.wrinkles) * bell2(side_x - 5, 1.1f, p.y - 17, 8);
    if (s.wrinkles > 0.2f) {
        depth += 0.35f * s.wrinkles *
                 smooth_step(0.3f, 0.7f, noise2(p.x / 3 + p.y / 9, p.y / 14 - p.x / 11, s.seed + 11)) *
                 bell2(side_x - 42, 18, p.y + 40, 40);
    }
    surface.albedo = surface.albedo * (1 - 0.42f * saturate(depth));
    surface.openness *= 1 - 0.3f * saturate(depth);
}

void SkinMaterial::add_eye_surroundings(const EyePosition& eye, const Vec3& p, Surface& surface) const {
    const SkinTraits& s = face_.skin;
    const float ring = bell2(eye.dx + 2, 17, p.y + 3, 12);
    surface.albedo =
        surface.albedo * mix(Vec3{1, 1, 1}, Vec3{0.66f, 0.56f, 0.58f}, saturate(s.eye_shade * ring));
    const float make_up = face_.habits.make_up;
    if (eye.u > -1.3f && eye.u < 1.5f && std::abs(eye.dy) < 20) {
        const float over = eye.dy - eye.upper;
        if (make_up > 0.1f && over > 0) {
            const float shadow =
                make_up * smooth_step(11, 1, over) * smooth_step(1.5f, 0.8f, std::abs(eye.u));
            surface.albedo = mix(surface.albedo, face_.habits.eye_shadow, 0.65f * shadow);
        }
        // The crease and the lashes.
        const float fold = head_.traits().lid_fold * (0.6f + 0.4f * (1 - eye.u * eye.u));
        if (eye.u > -1.05f && eye.u < 1.25f) {
            surface.albedo =
                surface.albedo * (1 - 0.45f * bell(over - fold, 0.75f) * smooth_step(0.2f, 1.5f, fold));
            const float lash_width = head_.traits().lash + 0.9f * make_up + (over > 0 ? 0.3f * eye.u : 0.0f);
            const float lash = bell(over, std::max(0.4f, lash_width)) * (0.75f + 0.25f * make_up);
            const float low = 0.45f * bell(eye.dy - eye.lower, 0.6f + 0.3f * make_up);
            surface.albedo = mix(surface.albedo, {0.02f, 0.015f, 0.012f}, saturate(0.85f * lash + low));
        }
        // The tear corner.
        surface.albedo =
            mix(surface.albedo, {0.5f, 0.2f, 0.17f}, 0.5f * bell2(eye.u + 1, 0.1f, eye.dy, 1.5f));
    }
}

void SkinMaterial::add_brow(const Vec3& p, Surface& surface) const {
    const HairTraits& h = face_.hair;
    const ShapeTraits& t = head_.traits();
    const float inner = t.eye_half_distance - 19 + 0.5f * h.brow_gap, outer = t.eye_half_distance + 23;
    const float u = (std::abs(p.x) - inner) / (outer - inner);
    if (u < -0.15f || u > 1.15f) return;
    const float frown = head_.expression().frown * 4 * smooth_step(0.5f, 0, u);
    const float arch =
        h.brow_arch * (1 - (u - 0.6f) * (u - 0.6f) / 0.28f) - 3.5f * smooth_step(0.65f, 1.1f, u);
    const float middle = t.brow_height + arch - frown;
    const float half = 0.5f * h.brow_thickness * (u < 0.55f ? 1.0f : mix(1.0f, 0.3f, (u - 0.55f) / 0.5f));
    const float across = (p.y - middle) / std::max(0.6f, half);
    if (std::abs(across) > 2.2f) return;
    const float hairs =
        strands({p.x * 0.7f + p.y * 0.7f * (p.x < 0 ? 1.0f : -1.0f), p.y - std::abs(p.x) * 0.35f, 0}, 1.5f,
                1.2f, h.seed + 31);
    float cover = smooth_step(1.6f, 0.5f, std::abs(across)) * smooth_step(-0.1f, 0.12f, u) *
                  smooth_step(1.12f, 0.9f, u);
    cover *= h.brow_density * (0.6f + 0.6f * hairs) * (1 + 0.3f * face_.habits.make_up);
    surface.albedo = mix(surface.albedo, hair_colour_ * 0.6f, saturate(cover));
    surface.gloss *= 1 - 0.7f * saturate(cover);
}

void SkinMaterial::add_beard(const Vec3& p, const MouthSection& mouth, Surface& surface) const {
    const HairTraits& h = face_.hair;
    if (h.stubble <= 0 && h.beard <= 0 && h.moustache <= 0) return;
    const float side_x = std::abs(p.x);
    const float nose_base = -head_.traits().nose_length;
    const float edge = 5 * noise2(p.x / 9, p.y / 9, h.seed + 41);
    // The cheek's edge of a beard rises from the corner of the mouth to the ear.
    const float line_y = mix(-64.0f, -18.0f, saturate((side_x - 26) / 38));
    const float jaw = smooth_step(0, 8, side_x - 26 + edge) * smooth_step(4, -13, p.y + edge - line_y);
    const float below_mouth = smooth_step(2, -4, p.y - mouth.lower_outer);
    const float neck = smooth_step(head_.chin_y() - 32, head_.chin_y() - 14, p.y);
    const float lip_area = mouth.t < 1.45f && p.y < nose_base + 1 && p.y > mouth.upper_outer - 2
                               ? smooth_step(1.4f, 1.05f, mouth.t) *
                                     smooth_step(nose_base + 1, nose_base - 3, p.y) *
                                     smooth_step(-1, 1.5f, p.y - mouth.upper_outer)
                               : 0.0f;
    const float low = std::max(jaw, below_mouth * smooth_step(48, 30, side_x)) * neck;
    // Where a moustache and a beard join beside the mouth.
    const float join = bell2(mouth.t - 1.25f, 0.18f, p.y - mouth.upper_inner, 12);
    const float hairs = strands(p, 1.3f, 3.2f, h.seed + 42), clumps = strands(p, 4, 9, h.seed + 43);
    const float shadow = h.stubble * (0.75f * std::max({low, lip_area, join}));
    surface.albedo = mix(surface.albedo, surface.albedo * mix(Vec3{0.42f, 0.45f, 0.5f}, hair_colour_, 0.25f),
                         saturate(shadow * (0.6f + 0.5f * hairs)));
    const float cover = std::max({h.moustache * lip_area, h.beard * low, h.beard * join});
    const float grown = saturate(cover * (0.75f + 0.45f * hairs + 0.2f * clumps));
    surface.albedo = mix(surface.albedo, hair_colour_ * (0.55f + 0.6f * hairs), grown);
    surface.gloss *= 1 - 0.8f * grown;
    surface.normal.x += 0.6f * grown * (hairs - 0.5f);
}

void SkinMaterial::add_scalp_hair(const Vec3& p, Surface& surface) const {
    const HairTraits& h = face_.hair;
    const float turn = std::abs(p.x) / 60;
    const float edge = h.hairline - 14 * turn * turn + h.recession * bell(turn - 0.6f, 0.25f);
    const float crown = h.style == HairStyle::kBald ? smooth_step(55, -20, p.z + 100) : 1.0f;
    const float side = p.z < -25 && p.z > -100
                           ? smooth_step(-5, 15, p.y - mix(20.0f, -15.0f, saturate((-40 - p.z) / 30)))
                           : 0.0f;
    float cover =
        std::max(p.z > -60 ? smooth_step(-2, 8, p.y - edge) : smooth_step(-60, -40, p.y), side) * crown;
    if (h.style == HairStyle::kBald) cover *= 0.55f * saturate(h.stubble * 2);
    const float hairs = strands(p, 1.2f, 1.6f, h.seed + 51);
    surface.albedo = mix(surface.albedo, hair_colour_, saturate(cover * (0.7f + 0.3f * hairs)));
    surface.gloss *= 1 - 0.6f * cover;
}

void SkinMaterial::add_lips(const Vec3& p, const MouthSection& mouth, Surface& surface) const {
    if (mouth.t >= 1.02f) return;
    const float soft = 1.0f;
    const float inside = smooth_step(-soft, soft, mouth.upper_outer - p.y) *
                         smooth_step(-soft, soft, p.y - mouth.lower_outer) *
                         smooth_step(1.02f, 0.92f, mouth.t);
    if (inside <= 0) return;
    const SkinTraits& s = face_.skin;
    Vec3 lip = skin_colour(s.lip_melanin, 1.2f + 0.6f * s.blood, 0.1f) * Vec3{0.86f, 0.66f, 0.70f};
    const float crease = noise2(p.x / 1.8f, p.y / 9, s.seed + 61);
    lip = lip * (1 + 0.16f * crease);
    if (face_.habits.make_up > 0.3f) lip = mix(lip, face_.habits.lipstick, 0.8f * face_.habits.make_up);
    surface.albedo = mix(surface.albedo, lip, inside * (p.y > mouth.upper_inner ? 0.95f : 0.85f));
    surface.gloss = mix(surface.gloss, 0.6f + 0.9f * face_.habits.make_up, inside);
    surface.exponent = mix(surface.exponent, 45, inside);
    // The line where the lips meet.
    const float line = bell(p.y - 0.5f * (mouth.upper_inner + mouth.lower_inner), 0.9f);
    surface.albedo = surface.albedo * (1 - 0.7f * line * smooth_step(1.02f, 0.9f, mouth.t));
}

Surface SkinMaterial::eyeball(const EyePosition& eye) const {
    const Expression& e = head_.expression();
    Surface surface;
    constexpr float kRadius = 12.2f, kIris = 5.9f;
    const float gaze_x = eye.side * e.gaze_x;
    const float x = eye.dx - kRadius * std::sin(gaze_x), y = eye.dy - kRadius * std::sin(e.gaze_y);
    const float from_iris = std::sqrt(x * x + y * y);
    surface.normal =
        normalized({eye.side * eye.dx, eye.dy,
                    std::sqrt(std::max(4.0f, kRadius * kRadius - eye.dx * eye.dx - eye.dy * eye.dy))});
    const float veins = 0.5f + 0.5f * noise2(eye.dx / 2, eye.dy / 1.2f, face_.skin.seed + 71);
    const Vec3 white = mix(Vec3{0.40f, 0.37f, 0.35f}, Vec3{0.38f, 0.25f, 0.22f},
                           0.35f * veins + 0.4f * smooth_step(0.6f, 1, std::abs(eye.u)));
    Vec3 iris =
        face_.skin.iris * (0.8f + 0.5f * noise2(std::atan2(y, x) * 5, from_iris / 3, face_.skin.seed + 72));
    iris = iris * (1 - 0.75f * smooth_step(4.6f, 5.9f, from_iris));  // the limbal ring
    surface.albedo = mix(iris, white, smooth_step(kIris - 0.7f, kIris + 0.4f, from_iris));
    const float pupil = smooth_step(2.5f, 1.7f, from_iris);
    surface.albedo = mix(surface.albedo, {0.005f, 0.005f, 0.005f}, pupil);
    surface.gloss = 1.2f;
    surface.exponent = 90;
    // The upper lid and its lashes shade the ball.
    surface.openness = mix(0.35f, 1.0f, smooth_step(0, 3.5f, eye.upper - eye.dy)) *
                       smooth_step(-0.6f, 1.2f, eye.dy - eye.lower);
    surface.openness *= 1 - 0.35f * smooth_step(0.55f, 1, std::abs(eye.u));
    return surface;
}

Surface SkinMaterial::inside_mouth(const Vec3& p, const MouthSection& mouth) const {
    Surface surface;
    const float below = mouth.upper_inner - p.y, above = p.y - mouth.lower_inner;
    const float gap = mouth.upper_inner - mouth.lower_inner;
    surface.albedo = mix(Vec3{0.10f, 0.02f, 0.018f}, Vec3{0.35f, 0.10f, 0.09f},
                         smooth_step(6, 1, above) * smooth_step(6, 12, gap));
    surface.openness = 0.25f;
    const float tooth = p.x / 8.2f, between = std::abs(tooth - std::round(tooth));
    const float side = smooth_step(1.0f, 0.55f, mouth.t);
    const float show_low = head_.expression().jaw_drop > 4 ? smooth_step(3.5f, 2.5f, above) * 0.6f : 0.0f;
    const float teeth = std::max(smooth_step(8.8f, 8.0f, below), show_low);
    if (teeth > 0) {
        const float shade =
            (0.55f + 0.45f * side) *
            (1 - 0.3f * smooth_step(0.06f, 0.0f, std::min(between, 0.5f - between) * 0.5f + 0.02f));
        surface.albedo = mix(surface.albedo, Vec3{0.74f, 0.68f, 0.57f} * shade, teeth);
        surface.openness =
            mix(surface.openness, 0.55f + 0.3f * side, teeth) * smooth_step(-0.8f, 1.6f, below);
        surface.gloss = 0.8f * teeth;
        surface.exponent = 60;
    }
    surface.normal = normalized({0.35f * p.x / head_.mouth_half_width(), 0, 1});
    return surface;
}

Surface SkinMaterial::skin(const Vec3& p, const Vec3& normal) const {
    const SkinTraits& s = face_.skin;
    float melanin = s.melanin, blood = s.blood;
    add_spots(p, melanin, blood);
    Surface surface;
    surface.albedo = skin_colour(std::max(0.0f, melanin), std::max(0.0f, blood), s.yellow);
    const float oily =
        p.z > kFaceBack ? 0.7f * bell2(p.x, 14, p.y + 15, 40) + 0.5f * bell2(p.x, 32, p.y - 45, 18) : 0.0f;
    surface.gloss = s.gloss * (0.45f + oily + 0.25f * noise3(p * (1 / 3.0f), s.seed + 6));
    surface.exponent = 14 + 26 * s.gloss;
    surface.scatter = 1 - 0.5f * s.melanin;
    // Pores and fine relief.
    const float bump = 0.06f + 0.09f * s.wrinkles;
    surface.normal =
        normal + Vec3{noise3(p * (1 / 1.9f), s.seed + 7), noise3(p * (1 / 1.9f), s.seed + 8), 0} * bump;
    return surface;
}

Surface SkinMaterial::plain(const Vec3& canonical, const Vec3& normal) const {
    Surface surface = skin(canonical, normal);
    surface.albedo = surface.albedo * Vec3{1.0f, 0.86f, 0.86f};
    surface.normal = normalized(surface.normal);
    return surface;
}

Surface SkinMaterial::at(const Vec3& p, const Vec3& normal) const {
    const bool face = p.z > kFaceBack && p.y < 70 && std::abs(p.x) < 68;
    EyePosition eye;
    MouthSection mouth;
    const bool near_eye = face && std::abs(p.y) < 32;
    const bool near_mouth = face && p.y < -40;
    if (near_eye) {
        eye = head_.eye_position(p.x, p.y);
        if (eye.open()) return eyeball(eye);
    }
    if (near_mouth) {
        mouth = head_.mouth_section(p.x);
        if (mouth.t < 1 && p.y < mouth.upper_inner - 0.3f && p.y > mouth.lower_inner + 0.3f)
            return inside_mouth(p, mouth);
    }
    Surface surface = skin(p, normal);
    if (face) add_wrinkles(p, surface);
    if (near_eye) add_eye_surroundings(eye, p, surface);
    if (near_eye || (face && p.y > 0)) add_brow(p, surface);
    if (near_mouth) {
        add_beard(p, mouth, surface);
        add_lips(p, mouth, surface);
    }
    if (p.y > 40 || p.z < -25) add_scalp_hair(p, surface);
    // Nostrils are deeper than the mesh.
    if (face && p.y < -30 && p.y > -70) {
        const ShapeTraits& t = head_.traits();
        const float hole =
            bell2(std::abs(p.x) - 0.42f * t.nostril_half_width, 2.6f, p.y + t.nose_length - 0.8f, 1.5f);
        surface.albedo = surface.albedo * (1 - 0.8f * hole);
        surface.openness *= 1 - 0.7f * hole;
    }
    surface.normal = normalized(surface.normal);
    return surface;
}

}  // namespace quantface
