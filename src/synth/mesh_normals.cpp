#include "synth/mesh_normals.h"

namespace quantface {

std::vector<Vec3> point_normals(std::span<const Vec3> points,
                                std::span<const std::array<uint16_t, 3>> triangles) {
    std::vector<Vec3> normals(points.size());
    for (const auto& [a, b, c] : triangles) {
        const Vec3 normal = cross(points[b] - points[a], points[c] - points[a]);
        normals[a] += normal;
        normals[b] += normal;
        normals[c] += normal;
    }
    for (Vec3& normal : normals) normal = normalized(normal);
    return normals;
}

}  // namespace quantface
