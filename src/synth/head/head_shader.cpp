#include "synth/head/head_shader.h"

#include "synth/fast_math.h"
#include "synth/noise.h"
#include "synth/noise_tile.h"
#include "synth/sampler.h"
#include "synth/skin_colour.h"

namespace quantface {

namespace {

Vec3 log2_of(const Vec3& c) {
    return {std::log2(std::max(c.x, 1e-4f)), std::log2(std::max(c.y, 1e-4f)),
            std::log2(std::max(c.z, 1e-4f))};
}

Vec3 exp2_of(const Vec3& c) {
    return {fast_exp2(c.x), fast_exp2(c.y), fast_exp2(c.z)};
}

struct Corners {
    const PieceVertex &a, &b, &c;
    float weight_a, weight_b, weight_c;

    Corners(const Piece& piece, const PiecePoint& p)
        : a(piece.vertices[piece.triangles[p.triangle][0]]),
          b(piece.vertices[piece.triangles[p.triangle][1]]),
          c(piece.vertices[piece.triangles[p.triangle][2]]),
          weight_a(1 - p.weight_b - p.weight_c),
          weight_b(p.weight_b),
          weight_c(p.weight_c) {}

    template <typename Value>
    auto blend(const Value& value) const {
        return value(a) * weight_a + value(b) * weight_b + value(c) * weight_c;
    }
    Vec3 canonical(const HeadAsset& asset) const {
        return blend([&](const PieceVertex& v) { return asset.canonical[v.point]; });
    }
    Vec3 position() const {
        return blend([](const PieceVertex& v) { return v.position; });
    }
    Vec3 normal() const {
        return normalized(blend([](const PieceVertex& v) { return v.normal; }));
    }
    Uv uv() const {
        return {blend([](const PieceVertex& v) { return v.uv.u; }),
                blend([](const PieceVertex& v) { return v.uv.v; })};
    }
    float coverage() const {
        return blend([](const PieceVertex& v) { return v.coverage; });
    }
};

// Wraps round.
const uint8_t* nearest_texel(const AssetTexture& t, const Uv& uv) {
    const float u = uv.u - static_cast<float>(fast_floor(uv.u)),
                v = uv.v - static_cast<float>(fast_floor(uv.v));
    const int x = std::clamp(static_cast<int>(u * static_cast<float>(t.width)), 0, t.width - 1);
    const int y = std::clamp(static_cast<int>(v * static_cast<float>(t.height)), 0, t.height - 1);
    return &t.rgba[static_cast<size_t>(4 * (y * t.width + x))];
}

// Linear light, bilinear.
Vec3 texture_colour(const AssetTexture& t, const Uv& uv) {
    const auto& linear = srgb_to_linear();
    const float x = (uv.u - static_cast<float>(fast_floor(uv.u))) * static_cast<float>(t.width) - 0.5f;
    const float y = (uv.v - static_cast<float>(fast_floor(uv.v))) * static_cast<float>(t.height) - 0.5f;
    const int left = fast_floor(x), top = fast_floor(y);
    const float fx = static_cast<float>(left), fy = static_cast<float>(top);
    auto texel = [&](int i, int j) {
        int ix = left + i, iy = top + j;
        ix = ix < 0 ? ix + t.width : ix >= t.width ? ix - t.width : ix;
        iy = iy < 0 ? iy + t.height : iy >= t.height ? iy - t.height : iy;
        const uint8_t* p = &t.rgba[static_cast<size_t>(4 * (iy * t.width + ix))];
        return Vec3{linear[p[0]], linear[p[1]], linear[p[2]]};
    };
    return mix(mix(texel(0, 0), texel(1, 0), x - fx), mix(texel(0, 1), texel(1, 1), x - fx), y - fy);
}

// A hill of height 1 with half widths x_width and y_width, quicker than bell2.
float hill(float x, float x_width, float y, float y_width) {
    const float s = x / x_width, t = y / y_width, square = s * s + t * t;
    return 1 / (1 + square * square);
}

// In [0, 1) for a sample of the picture: one of four even steps for each of a block of 2 x 2 samples, so that
// their mean is close to the opacity; in another order in each block, so that no grid shows; and a little
// random.
float dither(int x, int y, uint32_t seed) {
    constexpr float kSteps[4] = {0.0f, 0.5f, 0.75f, 0.25f};
    const uint32_t hash = lattice_hash(x >> 1, y >> 1, 7, seed);
    const auto step = static_cast<uint32_t>((y & 1) * 2 + (x & 1)) ^ (hash & 3);
    return kSteps[step] + 0.25f * static_cast<float>((hash >> (8 + 4 * step)) & 15) * (1 / 16.0f);
}

}  // namespace

HeadShader::HeadShader(const HeadModel& model, const HeadIdentity& who, const FaceTraits& face,
                       const ViewTraits& view)
    : model_(model), who_(who), face_(face), view_(view) {
    const SkinTraits& s = face.skin;
    base_ = log2_of(skin_colour(s.melanin, s.blood, s.yellow));
    melanin_ = log2_of(skin_colour(1, 0, 0)) - log2_of(skin_colour(0, 0, 0));
    blood_ = log2_of(skin_colour(0, 1, 0)) - log2_of(skin_colour(0, 0, 0));
    Sampler sampler(s.seed, 0x40);
    const auto& uvs = model.asset().corner_uvs;
    for (Mole& mole : moles_) {
        const auto at = static_cast<size_t>(sampler.below(static_cast<int>(uvs.size())));
        mole = {uvs[at], sampler.uniform(0.002f, 0.006f), sampler.uniform(0.2f, 1.0f)};
    }
}

Vec3 HeadShader::position(const Piece& piece, const PiecePoint& point) {
    return Corners(piece, point).position();
}

HeadShader::Holes::Holes(const Piece& piece, uint32_t triangle, float dither)
    : piece_(&piece), dither_(dither) {
    const Corners corners(piece, {triangle, 0, 0});
    const PieceVertex &va = corners.a, &vb = corners.b, &vc = corners.c;
    coverage_ = {va.coverage, vb.coverage - va.coverage, vc.coverage - va.coverage};
    u_ = {va.uv.u, vb.uv.u - va.uv.u, vc.uv.u - va.uv.u};
    v_ = {va.uv.v, vb.uv.v - va.uv.v, vc.uv.v - va.uv.v};
}

bool HeadShader::Holes::solid(float weight_b, float weight_c, int x, int y) const {
    const Piece& piece = *piece_;
    auto at = [&](const Vec3& value) { return value.x + weight_b * value.y + weight_c * value.z; };
    const float coverage = at(coverage_);
    if (piece.kind == PieceKind::kStrands) {
        const float opacity =
            static_cast<float>(nearest_texel(*piece.texture, {at(u_), at(v_)})[3]) * piece.opacity * coverage;
        return opacity > 255 * (0.5f + 0.84f * dither_ * (dither(x, y, 0x77) - 0.5f));
    }
    if (piece.kind == PieceKind::kShell) {
        return coverage * (1.15f - 0.6f * piece.shell_height) >
               dither(x, y, 0x99 + static_cast<uint32_t>(10 * piece.shell_height));
    }
    return coverage > 0.5f;
}

Surface HeadShader::at(const Piece& piece, const PiecePoint& point) const {
    Surface surface;
    switch (piece.kind) {
        case PieceKind::kHead:
            surface = skin(piece, point, piece.parts[point.triangle]);
            break;
        case PieceKind::kEyes:
            surface = eye(piece, point);
            break;
        case PieceKind::kStrands:
            surface = strands(piece, point);
            break;
        case PieceKind::kShell:
            surface = shell(piece, point);
            break;
        case PieceKind::kCloth:
            surface = cloth(piece, point);
            break;
        case PieceKind::kHat:
        case PieceKind::kAccessory:
            surface = other(piece, point);
            break;
    }
    if (piece.two_sided && surface.normal.z < 0) surface.normal = surface.normal * -1.0f;
    return surface;
}

Surface HeadShader::skin(const Piece& piece, const PiecePoint& point, HeadPart part) const {
    const HeadAsset& asset = model_.asset();
    const Corners corners(piece, point);
    Surface surface;
    surface.normal = corners.normal();
    const uint16_t pa = corners.a.point, pb = corners.b.point, pc = corners.c.point;
    auto blend = [&](float a, float b, float c) {
        return a * corners.weight_a + b * corners.weight_b + c * corners.weight_c;
    };
    surface.openness = blend(asset.openness[pa], asset.openness[pb], asset.openness[pc]);
    surface.openness *= surface.openness;
    const SkinTraits& s = face_.skin;
    if (part == HeadPart::kTeeth) {
        surface.albedo = Vec3{1.0f, 0.93f, 0.8f} * who_.teeth_white;
        surface.openness = 0.9f;  // measured with the mouth shut
        surface.gloss = 0.8f;
        surface.exponent = 50;
        return surface;
    }
    if (part == HeadPart::kTongue || part == HeadPart::kMouth || part == HeadPart::kSocket) {
        surface.albedo = exp2_of(base_ + blood_ * 1.1f) * Vec3{0.62f, 0.42f, 0.42f};
        surface.gloss = 0.7f;
        surface.exponent = 30;
        surface.openness = part == HeadPart::kMouth ? 0.2f : part == HeadPart::kTongue ? 0.4f : 0.6f;
        return surface;
    }
    std::array<float, kMaskCount> masks;
    for (size_t k = 0; k < kMaskCount; ++k)
        masks[k] = blend(asset.masks[pa][k], asset.masks[pb][k], asset.masks[pc][k]);
    auto mask = [&](HeadMask m) { return masks[static_cast<size_t>(m)]; };
    const Vec3 c = corners.canonical(asset);
    const Uv uv = corners.uv();
    const NoiseTile& noise = NoiseTile::instance();
    const float coarse = noise(c.x / 17, c.y / 17 + 0.03f * c.z, s.seed),
                fine = noise(c.x / 2.4f, c.y / 2.4f, s.seed + 77);
    float melanin = s.mottling * (0.02f + 0.05f * s.melanin) * (coarse + 0.5f * fine);
    float blood = s.mottling * (0.16f * noise(c.x / 11, c.y / 11, s.seed + 501) + 0.08f * fine);
    blood += s.blush * 0.55f * mask(HeadMask::kCheeks);
    melanin += s.eye_shade * 0.1f * mask(HeadMask::kLids);
    if (s.freckles > 0) {
        const float where = bell2(c.x, 42, c.y + 22, 30) * (c.z > 0 ? 1.0f : 0.0f);
        melanin +=
            s.freckles * where * 0.3f * smooth_step(0.2f, 0.6f, noise(c.x / 1.9f, c.y / 1.9f, s.seed + 999));
    }
    for (int i = 0; i < s.moles; ++i) {
        const Mole& mole = moles_[static_cast<size_t>(i) % moles_.size()];
        const float du = (uv.u - mole.place.u) * 0.375f, dv = uv.v - mole.place.v;
        const float square = du * du + dv * dv;
        if (square < mole.radius * mole.radius)
            melanin += mole.strength * smooth_step(mole.radius, 0.5f * mole.radius, std::sqrt(square));
    }
    Vec3 colour = base_ + melanin_ * melanin + blood_ * blood;
    if (part == HeadPart::kSkin) {
        const auto& skins = model_.skins();
        Vec3 relief = skins[static_cast<size_t>(who_.skin_a)].at(uv);
        if (who_.skin_blend > 0.02f)
            relief = mix(relief, skins[static_cast<size_t>(who_.skin_b)].at(uv), who_.skin_blend);
        // The painters' red noses are the same on all skins: less of the hue, all of the shade.
        const float shade = 0.3f * relief.x + 0.6f * relief.y + 0.1f * relief.z;
        colour += mix(Vec3{shade, shade, shade}, relief, 0.45f) * who_.skin_contrast;
    }
    surface.albedo = exp2_of(colour);
    const float lips = std::max(mask(HeadMask::kUpperLip), mask(HeadMask::kLowerLip));
    const HabitTraits& habits = face_.habits;
    if (habits.make_up > 0.3f) {
        surface.albedo =
            mix(surface.albedo, habits.lipstick, 0.75f * habits.make_up * smooth_step(0.3f, 0.8f, lips));
        surface.albedo = mix(surface.albedo, habits.eye_shadow,
                             0.45f * habits.make_up * smooth_step(0.4f, 1, mask(HeadMask::kLids)));
    }
    const float oily = 0.7f * hill(c.x, 14, c.y + 25, 40) + 0.5f * hill(c.x, 32, c.y - 45, 18);
    surface.gloss = s.gloss * (0.3f + 0.55f * oily + 0.15f * fine) + 0.4f * lips * (0.6f + habits.make_up);
    surface.exponent = 14 + 26 * s.gloss + 15 * lips;
    surface.scatter = 1 - 0.5f * s.melanin;
    add_hair_on_skin(masks, c, fine, surface);
    const float bump = 0.025f + 0.04f * s.wrinkles;
    surface.normal =
        normalized(surface.normal + Vec3{fine, noise(c.x / 2.1f, c.y / 2.1f, s.seed + 4321), 0} * bump);
    return surface;
}

void HeadShader::add_hair_on_skin(const std::array<float, kMaskCount>& masks, const Vec3& canonical,
                                  float fine, Surface& surface) const {
    const float beard = std::max(masks[static_cast<size_t>(HeadMask::kBeard)],
                                 masks[static_cast<size_t>(HeadMask::kMoustache)]);
    const float stubble =
        std::max(face_.hair.stubble, 0.8f * face_.hair.beard) * beard * (0.75f + 0.4f * fine);
    if (stubble > 0.01f)
        surface.albedo = mix(surface.albedo, who_.hair_colour * 0.7f, saturate(0.55f * stubble));
    if (who_.hair_kind != HairKind::kNone) {
        const float front = smooth_step(-20, 40, canonical.z);
        const float limit = 0.45f + 0.4f * front * who_.hairline;
        const float rooted = smooth_step(limit, limit + 0.3f, masks[static_cast<size_t>(HeadMask::kScalp)]);
        surface.albedo = mix(surface.albedo, who_.hair_colour * 0.8f, 0.75f * rooted);
        surface.gloss *= 1 - 0.7f * rooted;
    }
}

Surface HeadShader::eye(const Piece& piece, const PiecePoint& point) const {
    const Corners corners(piece, point);
    Surface surface;
    surface.normal = corners.normal();
    surface.albedo = texture_colour(*piece.texture, corners.uv());
    // The upper lid and its lashes shade the ball.
    surface.openness = 0.35f + 0.65f * smooth_step(0.75f, 0.05f, surface.normal.y);
    surface.albedo = surface.albedo * (0.45f + 0.45f * surface.openness);
    surface.gloss = 0.9f;
    surface.exponent = 420;
    return surface;
}

Surface HeadShader::strands(const Piece& piece, const PiecePoint& point) const {
    const Corners corners(piece, point);
    Surface surface;
    surface.normal = corners.normal();
    const float level = luminance(texture_colour(*piece.texture, corners.uv())) / piece.level;
    surface.albedo = piece.colour * std::clamp(fast_pow(level + 0.02f, 0.75f), 0.25f, 3.0f);
    surface.gloss = 0.45f * std::min(2.0f, level);
    surface.exponent = 14;
    surface.openness = 0.85f;
    return surface;
}

Surface HeadShader::shell(const Piece& piece, const PiecePoint& point) const {
    const Corners corners(piece, point);
    const Vec3 c = corners.canonical(model_.asset());
    const NoiseTile& noise = NoiseTile::instance();
    Surface surface;
    const Vec3 p = corners.position();
    const float fine = noise(p.x / 1.5f, p.y / 2.5f, face_.hair.seed),
                lock = noise(c.x / 9, c.y / 14, face_.hair.seed + 3);
    surface.albedo =
        piece.colour * std::max(0.2f, 0.75f + 0.35f * piece.shell_height + 0.5f * fine + 0.25f * lock);
    surface.normal = normalized(corners.normal() + Vec3{0.4f * fine, 0.25f * lock, 0});
    surface.gloss = 0.25f;
    surface.exponent = 12;
    surface.openness = 0.6f + 0.4f * piece.shell_height;
    return surface;
}

Surface HeadShader::cloth(const Piece& piece, const PiecePoint& point) const {
    const Corners corners(piece, point);
    const Vec3 c = corners.canonical(model_.asset());
    const NoiseTile& noise = NoiseTile::instance();
    const float weave = noise(c.x / 3, c.y / 3, view_.background_seed),
                fold = noise(c.x / 13, c.y / 26, view_.background_seed + 5);
    Surface surface;
    surface.albedo = piece.colour * (1 + 0.15f * weave);
    surface.normal = normalized(corners.normal() + Vec3{0.25f * fold, 0.15f * weave, 0});
    surface.openness = 0.8f + 0.2f * fold;
    return surface;
}

Surface HeadShader::other(const Piece& piece, const PiecePoint& point) const {
    const Corners corners(piece, point);
    Surface surface;
    surface.normal = corners.normal();
    if (piece.kind == PieceKind::kHat) {
        surface.albedo = texture_colour(*piece.texture, corners.uv());
        return surface;
    }
    switch (piece.materials[point.triangle]) {
        case Material::kFrame:
            surface.albedo = face_.habits.frame_colour;
            surface.gloss = 1.5f;
            surface.exponent = 50;
            break;
        case Material::kHeadwear:
            surface.albedo = view_.wear.headwear_colour;
            break;
        default:
            surface.albedo = view_.wear.occluder_colour;
            surface.gloss = 0.4f;
            surface.exponent = 50;
            break;
    }
    return surface;
}

}  // namespace quantface
