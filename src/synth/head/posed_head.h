// The head model's points for one person with one expression.
#pragma once

#include <array>
#include <vector>

#include "synth/head/head_identity.h"
#include "synth/view_traits.h"

namespace quantface {

class PosedHead {
  public:
    PosedHead(const HeadModel& model, const HeadIdentity& who, const Expression& expression);

    // In the head's frame: millimetres, the origin midway between the eyes.
    const std::vector<Vec3>& points() const { return points_; }
    const std::vector<Vec3>& normals() const { return normals_; }
    Vec3 at(HeadLandmark landmark) const;
    // Of the template: right eye (image left), left eye, nose tip, right and left corner of the mouth.
    std::array<Vec3, 5> landmarks() const;
    // Centre of an eyeball; side 0: the right one.
    const Vec3& eye_centre(int side) const { return eye_centres_[static_cast<size_t>(side)]; }
    // Extents over those of the average adult.
    const Vec3& scale() const { return scale_; }

    // The points of something worn. grow: factor on how far it stands off the head.
    std::vector<Vec3> worn_points(const Attachment& worn, float grow) const;

  private:
    void morph(int target, float weight);
    void express(const Expression& expression, const Vec3& origin);
    void warp(float strength, uint32_t seed);
    void settle(const HeadIdentity& who);

    const HeadModel& model_;
    std::vector<Vec3> points_, normals_;
    std::array<Vec3, 2> eye_centres_;
    Vec3 scale_{1, 1, 1};
};

}  // namespace quantface
