// Which triangle is seen through each sample of the picture, by depth buffer.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "synth/scene.h"

namespace quantface {

inline constexpr uint32_t kNoTriangle = UINT32_MAX;

struct Fragment {
    float depth = 1e30f;
    uint32_t triangle = kNoTriangle;
    float weight_b = 0, weight_c = 0;  // barycentric, of the second and third corner
};

struct FragmentBuffer {
    int width = 0, height = 0;
    std::vector<Fragment> fragments;

    FragmentBuffer(int buffer_width, int buffer_height)
        : width(buffer_width),
          height(buffer_height),
          fragments(static_cast<size_t>(buffer_width) * static_cast<size_t>(buffer_height)) {}
    const Fragment& at(int x, int y) const { return fragments[static_cast<size_t>(y * width + x)]; }
};

// projected[i]: x, y in samples (sample centres at .5), z the depth, smaller is nearer. Triangles of either
// winding are drawn.
void rasterize(std::span<const Triangle> triangles, std::span<const Vec3> projected, FragmentBuffer& buffer);

}  // namespace quantface
