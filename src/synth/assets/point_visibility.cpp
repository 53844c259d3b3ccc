#include "synth/assets/point_visibility.h"

#include "synth/rasterizer.h"

namespace quantface {

namespace {

constexpr int kDirections = 192;
constexpr int kMapSize = 320;
constexpr float kMillimetresPerTexel = 1.3f;
constexpr float kBias = 1.5f;  // millimetres off the surface, so that it does not hide itself

// Spread evenly over the sphere (spherical Fibonacci points).
Vec3 direction(int index) {
    const float z = 1 - (2 * static_cast<float>(index) + 1) / kDirections;
    const float radius = std::sqrt(std::max(0.0f, 1 - z * z));
    const float angle = static_cast<float>(index) * 2.39996323f;
    return {radius * std::cos(angle), radius * std::sin(angle), z};
}

}  // namespace

std::vector<float> point_openness(std::span<const Vec3> points, std::span<const Vec3> normals,
                                  std::span<const std::array<uint16_t, 3>> triangles) {
    std::vector<Triangle> drawn;
    for (const auto& t : triangles) drawn.push_back({{t[0], t[1], t[2]}, Material::kSkin});
    Vec3 centre;
    for (const Vec3& p : points) centre += p * (1.0f / static_cast<float>(points.size()));
    std::vector<float> seen(points.size(), 0.0f), all(points.size(), 1e-6f);
    std::vector<Vec3> projected(points.size());
    for (int i = 0; i < kDirections; ++i) {
        const Vec3 to = direction(i);
        const Vec3 right = normalized(cross(std::abs(to.y) < 0.95f ? Vec3{0, 1, 0} : Vec3{1, 0, 0}, to));
        const Vec3 up = cross(to, right);
        auto project = [&](const Vec3& p) {
            return Vec3{dot(p - centre, right) / kMillimetresPerTexel + kMapSize / 2,
                        dot(p - centre, up) / kMillimetresPerTexel + kMapSize / 2, -dot(p, to)};
        };
        for (size_t k = 0; k < points.size(); ++k) projected[k] = project(points[k]);
        FragmentBuffer map(kMapSize, kMapSize);
        rasterize(drawn, projected, map);
        for (size_t k = 0; k < points.size(); ++k) {
            const float cosine = dot(normals[k], to);
            if (cosine <= 0) continue;
            all[k] += cosine;
            const Vec3 p = project(points[k] + normals[k] * kBias);
            const int x = std::clamp(static_cast<int>(p.x), 0, kMapSize - 1);
            const int y = std::clamp(static_cast<int>(p.y), 0, kMapSize - 1);
            if (map.at(x, y).depth > p.z - kBias) seen[k] += cosine;
        }
    }
    for (size_t k = 0; k < seen.size(); ++k) seen[k] = seen[k] / all[k];
    return seen;
}

}  // namespace quantface
