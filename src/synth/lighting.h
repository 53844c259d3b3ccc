// Light falling on surfaces, and the shadows of the first lamp.
#pragma once

#include <span>
#include <vector>

#include "synth/rasterizer.h"
#include "synth/scene.h"
#include "synth/surface.h"
#include "synth/view_traits.h"

namespace quantface {

// Depths seen from a lamp infinitely far away.
class ShadowMap {
  public:
    // positions: in the camera's frame, around the origin, millimetres.
    ShadowMap(const Vec3& to_light, std::span<const Triangle> triangles, std::span<const Vec3> positions);
    // Empty: what casts shadows is drawn into buffer(), projected.
    explicit ShadowMap(const Vec3& to_light);
    FragmentBuffer& buffer() { return buffer_; }
    // 1 lit, 0 in shadow; softness: radius of the filter in texels.
    float visibility(const Vec3& position, const Vec3& normal, float softness) const;

    Vec3 project(const Vec3& position) const;  // x, y in texels, z the depth

  private:
    Vec3 right_, up_, forward_;
    FragmentBuffer buffer_;
};

// Light that leaves the surface towards the camera (at +z), linear RGB. The surface's normal is in the
// camera's frame; visibility: of lamp 0; openness: share of the sky seen, besides the surface's own.
Vec3 shade(const Surface& surface, const LightTraits& light, float visibility, float openness);

}  // namespace quantface
