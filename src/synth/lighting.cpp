#include "synth/lighting.h"

#include "synth/fast_math.h"

namespace quantface {

namespace {

constexpr int kShadowSize = 112;
constexpr float kShadowReach = 170;  // half the width that the map covers, millimetres
constexpr float kTexel = 2 * kShadowReach / kShadowSize;
constexpr Vec3 kToCamera{0, 0, 1};

float highlight(const Vec3& normal, const Vec3& to_light, float exponent) {
    const Vec3 half = normalized(to_light + kToCamera);
    const float cosine = std::max(0.0f, dot(normal, half));
    if ((1 - cosine) * exponent > 9) return 0;  // below e^-9
    // Schlick's approximation of Fresnel reflection, for skin and most plastics.
    const float grazing = 1 - std::max(0.0f, dot(half, kToCamera));
    const float fresnel = 0.035f + 0.965f * grazing * grazing * grazing * grazing * grazing;
    return fresnel * (exponent + 8) * 0.125f * fast_pow(cosine, exponent);
}

}  // namespace

ShadowMap::ShadowMap(const Vec3& to_light) : forward_(to_light), buffer_(kShadowSize, kShadowSize) {
    right_ = normalized(cross(std::abs(to_light.y) < 0.95f ? Vec3{0, 1, 0} : Vec3{1, 0, 0}, to_light));
    up_ = cross(to_light, right_);
}

ShadowMap::ShadowMap(const Vec3& to_light, std::span<const Triangle> triangles,
                     std::span<const Vec3> positions)
    : ShadowMap(to_light) {
    std::vector<Vec3> projected(positions.size());
    for (size_t i = 0; i < positions.size(); ++i) projected[i] = project(positions[i]);
    rasterize(triangles, projected, buffer_);
}

Vec3 ShadowMap::project(const Vec3& p) const {
    return {(dot(p, right_) + kShadowReach) / kTexel, (dot(p, up_) + kShadowReach) / kTexel,
            -dot(p, forward_)};
}

float ShadowMap::visibility(const Vec3& position, const Vec3& normal, float softness) const {
    // Stepping off the surface keeps it from shading itself.
    const Vec3 p = project(position + normal * 3.0f + forward_ * 2.0f);
    const float reach = std::max(0.7f, softness);
    // Five taps: the middle and the corners of a square.
    constexpr float kTaps[5][2] = {{0, 0}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}};
    float lit = 0;
    for (const auto& [i, j] : kTaps) {
        const int x = fast_floor(p.x + i * reach), y = fast_floor(p.y + j * reach);
        if (x < 0 || y < 0 || x >= kShadowSize || y >= kShadowSize) {
            lit += 1;
            continue;
        }
        const float t = saturate((buffer_.at(x, y).depth - p.z) * (1 / 3.0f) + 1);
        lit += t * t * (3 - 2 * t);
    }
    return lit * 0.2f;
}

Vec3 shade(const Surface& surface, const LightTraits& light, float visibility, float openness) {
    const float open = openness * surface.openness;
    // Light bounced between the walls of a cavity takes on their colour.
    const Vec3 tinted =
        mix(Vec3{open, open, open}, Vec3{std::sqrt(open), open, open}, 0.6f * surface.scatter);
    Vec3 diffuse = light.environment.at(surface.normal) * tinted;
    Vec3 specular;
    if (surface.gloss > 0) {
        const Vec3 mirrored = surface.normal * (2 * surface.normal.z) - kToCamera;
        specular = light.environment.at(mirrored) * (0.03f * surface.gloss * open);
    }
    // How far past the terminator light reaches by scattering under the surface, per channel.
    const Vec3 wrap = Vec3{0.30f, 0.12f, 0.07f} * surface.scatter;
    auto spread = [](float w) { return 1 / ((1 + w) * (1 + w)); };
    const Vec3 spreads{spread(wrap.x), spread(wrap.y), spread(wrap.z)};
    for (int i = 0; i < light.light_count; ++i) {
        const DirectionalLight& lamp = light.lights[static_cast<size_t>(i)];
        const float seen = i == 0 ? visibility : 0.45f + 0.55f * openness;
        const float cosine = dot(surface.normal, lamp.direction);
        const Vec3 wrapped = Vec3{std::max(0.0f, cosine + wrap.x), std::max(0.0f, cosine + wrap.y),
                                  std::max(0.0f, cosine + wrap.z)} *
                             spreads;
        const float redder = mix(seen, std::sqrt(seen), 0.5f * surface.scatter);
        const float own = 0.35f + 0.65f * surface.openness;
        diffuse += lamp.colour * wrapped * Vec3{redder, seen, seen} * own;
        if (cosine > 0) {
            const float shine =
                surface.gloss * seen * own * highlight(surface.normal, lamp.direction, surface.exponent);
            specular += lamp.colour * (shine * std::min(1.0f, cosine * 4));
        }
    }
    return surface.albedo * diffuse + specular;
}

}  // namespace quantface
