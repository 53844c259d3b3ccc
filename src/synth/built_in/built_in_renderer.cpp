#include "synth/built_in/built_in_renderer.h"

#include "synth/alignment_camera.h"
#include "synth/built_in/skin_material.h"
#include "synth/face_meshes.h"
#include "synth/lighting.h"
#include "synth/noise.h"

namespace quantface {

namespace {

Scene build_scene(const HeadShape& head, const FaceTraits& face, const ViewTraits& view) {
    Scene scene;
    add_head(head, scene);
    add_ears(head, scene);
    add_hair(head, face.hair, view, scene);
    add_headwear(head, face.hair, view.wear, scene);
    if (view.wear.eyewear != Eyewear::kNone) add_glasses_frame(glasses_fit(head), face.habits, scene);
    if (view.wear.mask) add_mask(head, scene);
    if (view.wear.occluder) add_occluder(view.wear, scene);
    add_clothes(head, scene);
    return scene;
}

// Answers what any point of the scene looks like.
class Materials {
  public:
    Materials(const FaceTraits& face, const ViewTraits& view, const HeadShape& head)
        : face_(face),
          view_(view),
          skin_(face, head),
          hair_(mix(face.hair.colour, Vec3{0.5f, 0.49f, 0.48f}, face.hair.grey)) {}

    Surface at(Material material, const Vec3& canonical, const Vec3& normal) const {
        switch (material) {
            case Material::kSkin:
                return skin_.at(canonical, normal);
            case Material::kEar:
                return skin_.plain(canonical, normal);
            case Material::kHair:
                return hair(canonical, normal);
            case Material::kHeadwear:
                return cloth(canonical, normal, view_.wear.headwear_colour, 3);
            case Material::kClothes:
                return clothes(canonical, normal);
            case Material::kMask:
                return cloth(canonical, normal, view_.wear.mask_colour, 5);
            case Material::kOccluder:
                return plastic(normal, view_.wear.occluder_colour, 0.4f);
            case Material::kFrame:
                return plastic(normal, face_.habits.frame_colour, 1.5f);
        }
        return {};
    }

  private:
    Surface hair(const Vec3& p, const Vec3& normal) const {
        const HairTraits& h = face_.hair;
        const bool curly = h.style == HairStyle::kCurly;
        // Strands run down the head: fine across, long along.
        const float wave = 4 * h.waviness * std::sin(p.y / 11 + 4 * noise2(p.x / 30, 0, h.seed));
        const float fine = noise2((p.x + wave) / 1.6f, p.y / (curly ? 2.0f : 22.0f), h.seed + 80);
        const float lock = noise2((p.x + wave) / 6.0f, p.y / (curly ? 5.0f : 40.0f), h.seed + 81);
        Surface s;
        s.albedo = hair_ * std::max(0.15f, 1 + 0.75f * fine + 0.55f * lock);
        s.normal =
            normalized(normal + Vec3{0.5f * fine + 0.35f * lock, curly ? 0.5f * lock : 0.12f * fine, 0});
        s.gloss = (curly ? 0.25f : 0.6f) * (0.6f + 0.5f * fine);
        s.exponent = 12;
        s.openness = saturate(0.75f + 0.35f * lock);
        return s;
    }

    Surface cloth(const Vec3& p, const Vec3& normal, const Vec3& colour, float scale) const {
        Surface s;
        const float weave = noise2(p.x / scale, p.y / scale, view_.background_seed + 3);
        s.albedo = colour * (1 + 0.2f * weave);
        s.normal = normalized(
            normal + Vec3{0.2f * weave, 0.2f * noise2(p.x / 9, p.y / 9, view_.background_seed + 4), 0});
        return s;
    }

    Surface clothes(const Vec3& p, const Vec3& normal) const {
        const Wear& wear = view_.wear;
        Vec3 colour = wear.clothes;
        const float x = p.x / 14, y = p.y / 14;
        if (wear.clothes_pattern == 1 && std::sin(x * 3) > 0.3f) colour = wear.clothes_second;
        if (wear.clothes_pattern == 2 && std::sin(y * 3) > 0.3f) colour = wear.clothes_second;
        // A shirt's opening and a tie, or the skin of the neck.
        const float opening = 26 - 0.5f * (-150 - p.y);
        if (wear.clothes_pattern == 3 && p.z > -60 && std::abs(p.x) < opening) colour = wear.clothes_second;
        return cloth(p, normal, colour, 7);
    }

    static Surface plastic(const Vec3& normal, const Vec3& colour, float gloss) {
        Surface s;
        s.albedo = colour;
        s.normal = normal;
        s.gloss = gloss;
        s.exponent = 50;
        return s;
    }

    const FaceTraits& face_;
    const ViewTraits& view_;
    SkinMaterial skin_;
    Vec3 hair_;
};

// How open each sample lies: lower where the surroundings stand nearer to the camera. A cheap stand-in for
// the light that cavities and creases lose.
std::vector<float> estimate_openness(const FragmentBuffer& buffer, float millimetres_per_sample) {
    const int width = buffer.width, height = buffer.height;
    std::vector<float> openness(buffer.fragments.size(), 1.0f);
    constexpr std::array<std::array<int, 2>, 8> kDirections = {
        {{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}};
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const Fragment& here = buffer.at(x, y);
            if (here.triangle == kNoTriangle) continue;
            float closed = 0;
            for (const float reach_mm : {5.0f, 15.0f}) {
                const int reach = std::max(1, static_cast<int>(reach_mm / millimetres_per_sample));
                for (const auto& [dx, dy] : kDirections) {
                    const int sx = x + dx * reach, sy = y + dy * reach;
                    if (sx < 0 || sy < 0 || sx >= width || sy >= height) continue;
                    const float rise = here.depth - buffer.at(sx, sy).depth;
                    // Things far in front are not walls of this cavity.
                    if (rise > 0 && rise < 60) closed += std::min(1.0f, rise / reach_mm) * 0.0625f;
                }
            }
            openness[static_cast<size_t>(y * width + x)] = 1 - 0.8f * std::min(1.0f, closed * 1.1f);
        }
    }
    return openness;
}

struct LitSamples {
    std::vector<Vec3> light;    // linear, unexposed
    std::vector<bool> covered;  // false: background
    float skin_level = 0.3f;    // mean luminance of skin
};

LitSamples light_samples(const Scene& scene, const FragmentBuffer& buffer, const AlignmentCamera& camera,
                         const Materials& materials, const LightTraits& light) {
    std::vector<Vec3> positions(scene.vertices.size());
    for (size_t i = 0; i < positions.size(); ++i) positions[i] = camera.to_camera(scene.vertices[i].position);
    const ShadowMap shadows(light.lights[0].direction, scene.triangles, positions);
    const std::vector<float> openness = estimate_openness(buffer, camera.millimetres_per_sample());
    LitSamples lit{std::vector<Vec3>(buffer.fragments.size()), std::vector<bool>(buffer.fragments.size()),
                   0.3f};
    double skin_sum = 0, skin_count = 1e-3;
    for (size_t i = 0; i < buffer.fragments.size(); ++i) {
        const Fragment& f = buffer.fragments[i];
        if (f.triangle == kNoTriangle) continue;
        const Triangle& triangle = scene.triangles[f.triangle];
        const float weight_a = 1 - f.weight_b - f.weight_c;
        const uint32_t* c = triangle.corners;
        auto blend = [&](const Vec3& a, const Vec3& b, const Vec3& d) {
            return a * weight_a + b * f.weight_b + d * f.weight_c;
        };
        const Vertex &va = scene.vertices[c[0]], &vb = scene.vertices[c[1]], &vc = scene.vertices[c[2]];
        const Vec3 mesh_normal = normalized(blend(va.normal, vb.normal, vc.normal));
        Surface surface =
            materials.at(triangle.material, blend(va.canonical, vb.canonical, vc.canonical), mesh_normal);
        surface.normal = camera.rotate(surface.normal);
        Vec3 geometric = camera.rotate(mesh_normal);
        if (geometric.z < 0 && triangle.material != Material::kSkin) {  // the inside of an open sheet
            geometric = geometric * -1.0f;
            surface.normal = surface.normal * -1.0f;
        }
        const Vec3 position = blend(positions[c[0]], positions[c[1]], positions[c[2]]);
        const float visible = shadows.visibility(position, geometric, light.shadow_softness);
        lit.light[i] = shade(surface, light, visible, openness[i]);
        lit.covered[i] = true;
        if (triangle.material == Material::kSkin) {
            skin_sum += luminance(lit.light[i]);
            skin_count += 1;
        }
    }
    lit.skin_level = std::max(0.002f, static_cast<float>(skin_sum / skin_count));
    return lit;
}

// Lays the panes of glasses over the lit samples.
void cover_with_lenses(const HeadShape& head, const FaceTraits& face, const ViewTraits& view,
                       const AlignmentCamera& camera, const FragmentBuffer& opaque, LitSamples& lit) {
    Scene panes;
    add_lenses(glasses_fit(head), face.habits, panes);
    FragmentBuffer buffer(opaque.width, opaque.height);
    rasterize(panes.triangles, camera.project_all(panes.vertices), buffer);
    for (size_t i = 0; i < buffer.fragments.size(); ++i) {
        const Fragment& f = buffer.fragments[i];
        if (f.triangle == kNoTriangle || f.depth >= opaque.fragments[i].depth || !lit.covered[i]) continue;
        const Vertex& corner = panes.vertices[panes.triangles[f.triangle].corners[0]];
        const Vec3 normal = camera.rotate(corner.normal);
        // The mirror image of what is behind the camera, split by an uneven room.
        const Vec3 mirrored = normalized(normal * (2 * normal.z) - Vec3{0, 0, 1});
        const float room =
            saturate(0.3f + 1.5f * noise2(corner.position.x / 16 + 3 * mirrored.x,
                                          corner.position.y / 14 + 3 * mirrored.y, view.background_seed));
        const Vec3 reflection =
            view.light.environment.at(mirrored) * (0.25f * view.wear.lens_reflection * room);
        lit.light[i] = lit.light[i] * view.wear.lens_tint + reflection;
    }
}

}  // namespace

LitPicture draw_built_in_head(const FaceTraits& face, const ViewTraits& view,
                              const FaceRenderOptions& options, FaceRenderInfo* info) {
    const HeadShape head(face, view.expression);
    const AlignmentCamera camera(head.landmarks(), view, options.size, options.oversampling);
    const Scene scene = build_scene(head, face, view);
    const int side = options.size * options.oversampling;
    FragmentBuffer buffer(side, side);
    rasterize(scene.triangles, camera.project_all(scene.vertices), buffer);
    const Materials materials(face, view, head);
    LitSamples lit = light_samples(scene, buffer, camera, materials, view.light);
    if (view.wear.eyewear != Eyewear::kNone) cover_with_lenses(head, face, view, camera, buffer, lit);
    if (info != nullptr) info->landmarks = camera.landmarks();
    LitPicture picture;
    picture.skin_level = lit.skin_level;
    picture.open.assign(static_cast<size_t>(options.size) * static_cast<size_t>(options.size), 0.0f);
    const float share = 1.0f / static_cast<float>(options.oversampling * options.oversampling);
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            const auto sample = static_cast<size_t>(y * side + x);
            const auto pixel =
                static_cast<uint32_t>(y / options.oversampling * options.size + x / options.oversampling);
            if (lit.covered[sample])
                picture.patches.push_back({lit.light[sample], pixel, share});
            else
                picture.open[pixel] += share;
        }
    }
    return picture;
}

}  // namespace quantface
