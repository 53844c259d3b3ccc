#include "synth/rasterizer.h"

namespace quantface {

void rasterize(std::span<const Triangle> triangles, std::span<const Vec3> projected, FragmentBuffer& buffer) {
    const auto always = [](int, int, float, float) { return true; };
    for (uint32_t index = 0; index < triangles.size(); ++index) {
        const uint32_t* corners = triangles[index].corners;
        rasterize_triangle(projected[corners[0]], projected[corners[1]], projected[corners[2]], index, buffer,
                           always);
    }
}

}  // namespace quantface
