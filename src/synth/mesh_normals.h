// Smooth normals of a mesh.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "synth/vec.h"

namespace quantface {

// Unit normal of each point: the mean of its triangles' normals by area. Corners run counter-clockwise seen
// from outside.
std::vector<Vec3> point_normals(std::span<const Vec3> points,
                                std::span<const std::array<uint16_t, 3>> triangles);

}  // namespace quantface
