// How much of the sky each point of a mesh sees.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "synth/vec.h"

namespace quantface {

// The share of light from everywhere that reaches each point past the mesh's other parts, 0 to 1, weighted by
// the cosine as matt surfaces do.
std::vector<float> point_openness(std::span<const Vec3> points, std::span<const Vec3> normals,
                                  std::span<const std::array<uint16_t, 3>> triangles);

}  // namespace quantface
