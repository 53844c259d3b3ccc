// A perspective camera followed by the warp with which a face aligner would cut out the picture.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "synth/scene.h"
#include "synth/view_traits.h"

namespace quantface {

class AlignmentCamera {
  public:
    // landmarks: in the head's frame, in the order of kArcFaceTemplate. The least-squares similarity
    // transform (Umeyama, PAMI 1991, without reflection) of their projections onto the template, plus the
    // view's jitter, is the warp.
    AlignmentCamera(const std::array<Vec3, 5>& landmarks, const ViewTraits& view, int size, int oversampling);

    // Head's frame to camera's frame: origin in the head, z towards the camera, millimetres.
    Vec3 to_camera(const Vec3& position) const;
    Vec3 rotate(const Vec3& direction) const { return rotation_.apply(direction); }
    // x, y in samples for rasterize(); z the depth in millimetres.
    std::vector<Vec3> project_all(std::span<const Vertex> vertices) const;
    // The same for one point in the camera's frame.
    Vec3 project(const Vec3& camera_position) const;
    // Pixels of the picture, pixel centres at whole numbers.
    std::array<std::array<float, 2>, 5> landmarks() const { return landmarks_; }
    float millimetres_per_sample() const { return millimetres_per_sample_; }

  private:
    struct Point {
        float x, y;
    };
    Point perspective(const Vec3& camera_position) const;
    Point align(const Point& p) const;

    Rotation rotation_;
    float distance_;
    float a_ = 1, b_ = 0, shift_x_ = 0, shift_y_ = 0;  // (a + ib) z + shift, in pixels of the picture
    float oversampling_;
    float millimetres_per_sample_ = 1;
    std::array<std::array<float, 2>, 5> landmarks_{};
};

}  // namespace quantface
