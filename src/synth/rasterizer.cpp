#include "synth/rasterizer.h"

namespace quantface {

namespace {

// Larger coordinates only come from points far outside the picture; they would overflow the integers below.
constexpr float kFar = 1e5f;

}  // namespace

void rasterize(std::span<const Triangle> triangles, std::span<const Vec3> projected, FragmentBuffer& buffer) {
    for (uint32_t index = 0; index < triangles.size(); ++index) {
        const uint32_t* corners = triangles[index].corners;
        const Vec3 a = projected[corners[0]], b = projected[corners[1]], c = projected[corners[2]];
        const float left = std::min({a.x, b.x, c.x}), right = std::max({a.x, b.x, c.x});
        const float top = std::min({a.y, b.y, c.y}), bottom = std::max({a.y, b.y, c.y});
        if (!(left > -kFar && right < kFar && top > -kFar && bottom < kFar)) continue;
        const int x_begin = std::max(0, static_cast<int>(std::ceil(left - 0.5f)));
        const int x_end = std::min(buffer.width - 1, static_cast<int>(std::floor(right - 0.5f)));
        const int y_begin = std::max(0, static_cast<int>(std::ceil(top - 0.5f)));
        const int y_end = std::min(buffer.height - 1, static_cast<int>(std::floor(bottom - 0.5f)));
        if (x_begin > x_end || y_begin > y_end) continue;
        const float area = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
        if (std::abs(area) < 1e-9f) continue;
        const float inverse = 1.0f / area;
        const float b_dx = (c.y - a.y) * inverse, b_dy = -(c.x - a.x) * inverse;
        const float c_dx = -(b.y - a.y) * inverse, c_dy = (b.x - a.x) * inverse;
        for (int y = y_begin; y <= y_end; ++y) {
            const float dy = static_cast<float>(y) + 0.5f - a.y;
            Fragment* line = &buffer.fragments[static_cast<size_t>(y * buffer.width)];
            for (int x = x_begin; x <= x_end; ++x) {
                const float dx = static_cast<float>(x) + 0.5f - a.x;
                const float weight_b = dx * b_dx + dy * b_dy;
                const float weight_c = dx * c_dx + dy * c_dy;
                // A hair of tolerance closes cracks between neighbours.
                if (weight_b < -1e-4f || weight_c < -1e-4f || weight_b + weight_c > 1.0001f) continue;
                const float depth = a.z + weight_b * (b.z - a.z) + weight_c * (c.z - a.z);
                if (depth < line[x].depth) line[x] = {depth, index, weight_b, weight_c};
            }
        }
    }
}

}  // namespace quantface
