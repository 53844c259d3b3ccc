// Which triangle is seen through each sample of the picture, by depth buffer.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "synth/fast_math.h"
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

// Larger coordinates only come from points far outside the picture; they would overflow integers.
inline constexpr float kFarOutside = 1e5f;

// Draws one triangle where it is nearer than what is there and accept(x, y, weight_b, weight_c) holds. a, b,
// c: x, y in samples (sample centres at .5), z the depth, smaller is nearer.
template <typename Accept>
void rasterize_triangle(const Vec3& a, const Vec3& b, const Vec3& c, uint32_t id, FragmentBuffer& buffer,
                        const Accept& accept) {
    const float left = std::min({a.x, b.x, c.x}), right = std::max({a.x, b.x, c.x});
    const float top = std::min({a.y, b.y, c.y}), bottom = std::max({a.y, b.y, c.y});
    if (!(left > -kFarOutside && right < kFarOutside && top > -kFarOutside && bottom < kFarOutside)) return;
    const int x_begin = std::max(0, -fast_floor(0.5f - left));
    const int x_end = std::min(buffer.width - 1, fast_floor(right - 0.5f));
    const int y_begin = std::max(0, -fast_floor(0.5f - top));
    const int y_end = std::min(buffer.height - 1, fast_floor(bottom - 0.5f));
    if (x_begin > x_end || y_begin > y_end) return;
    const float area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
    if (std::abs(area) < 1e-9f) return;
    const float inverse = 1.0f / area;
    const float b_dx = (c.y - a.y) * inverse, b_dy = -(c.x - a.x) * inverse;
    const float c_dx = -(b.y - a.y) * inverse, c_dy = (b.x - a.x) * inverse;
    const float depth_b = b.z - a.z, depth_c = c.z - a.z;
    const float left_x = static_cast<float>(x_begin) + 0.5f - a.x;
    // Small triangles are tested sample by sample; in wide ones each row's ends are worked out.
    const bool wide = x_end - x_begin > 6;
    const float a_dx = -b_dx - c_dx;
    const float b_step = wide ? -1 / b_dx : 0, c_step = wide ? -1 / c_dx : 0, a_step = wide ? -1 / a_dx : 0;
    // A hair of tolerance closes cracks between neighbours.
    constexpr float kEdge = 1e-4f;
    for (int y = y_begin; y <= y_end; ++y) {
        const float dy = static_cast<float>(y) + 0.5f - a.y;
        const float b_start = left_x * b_dx + dy * b_dy, c_start = left_x * c_dx + dy * c_dy;
        int first = 0, last = x_end - x_begin;
        if (wide) {
            float from = 0, to = static_cast<float>(last);
            auto narrow = [&](float weight, float slope, float step) {
                if (slope > 0)
                    from = std::max(from, (weight + kEdge) * step);
                else if (slope < 0)
                    to = std::min(to, (weight + kEdge) * step);
                else if (weight < -kEdge)
                    to = -1;
            };
            narrow(b_start, b_dx, b_step);
            narrow(c_start, c_dx, c_step);
            narrow(1 - b_start - c_start, a_dx, a_step);
            if (!(from <= to)) continue;
            first = fast_floor(from);
            last = std::min(last, fast_floor(to) + 1);
        }
        Fragment* line = &buffer.fragments[static_cast<size_t>(y * buffer.width + x_begin)];
        float weight_b = b_start + static_cast<float>(first) * b_dx;
        float weight_c = c_start + static_cast<float>(first) * c_dx;
        for (int i = first; i <= last; ++i, weight_b += b_dx, weight_c += c_dx) {
            if (std::min({weight_b, weight_c, 1 - weight_b - weight_c}) < -kEdge) continue;
            const float depth = a.z + weight_b * depth_b + weight_c * depth_c;
            if (depth < line[i].depth && accept(x_begin + i, y, weight_b, weight_c))
                line[i] = {depth, id, weight_b, weight_c};
        }
    }
}

// projected[i]: x, y in samples (sample centres at .5), z the depth, smaller is nearer. Triangles of either
// winding are drawn.
void rasterize(std::span<const Triangle> triangles, std::span<const Vec3> projected, FragmentBuffer& buffer);

}  // namespace quantface
