#include "synth/alignment_camera.h"

#include "faces/five_point_alignment.h"

namespace quantface {

namespace {

// The head turns about a point between the ears.
constexpr Vec3 kPivot{0, -30, -75};

}  // namespace

AlignmentCamera::AlignmentCamera(const std::array<Vec3, 5>& landmarks, const ViewTraits& view, int size,
                                 int oversampling)
    : rotation_(head_rotation(view.pose.yaw, view.pose.pitch, view.pose.roll)),
      distance_(view.pose.distance),
      oversampling_(static_cast<float>(oversampling)) {
    const FivePoints wanted = arcface_template(size);
    FivePoints seen;
    Point seen_mean{0, 0}, wanted_mean{0, 0};
    for (size_t i = 0; i < 5; ++i) {
        const Point p = perspective(to_camera(landmarks[i]));
        seen[i] = {p.x, p.y};
        seen_mean = {seen_mean.x + p.x / 5, seen_mean.y + p.y / 5};
        wanted_mean = {wanted_mean.x + wanted[i][0] / 5, wanted_mean.y + wanted[i][1] / 5};
    }
    // An aligner's fit, then the error of its detector: a turn and a scale about the middle, and a shift.
    const Similarity fit = similarity_between(seen, wanted);
    const float jitter_a = view.scale * std::cos(view.tilt), jitter_b = view.scale * std::sin(view.tilt);
    const auto fit_a = static_cast<float>(fit.a), fit_b = static_cast<float>(fit.b);
    a_ = fit_a * jitter_a - fit_b * jitter_b;
    b_ = fit_a * jitter_b + fit_b * jitter_a;
    const float unit = static_cast<float>(size) / 112.0f;
    shift_x_ = wanted_mean.x - (a_ * seen_mean.x - b_ * seen_mean.y) + view.shift_x * unit;
    shift_y_ = wanted_mean.y - (b_ * seen_mean.x + a_ * seen_mean.y) + view.shift_y * unit;
    for (size_t i = 0; i < 5; ++i) {
        const Point p = align({seen[i][0], seen[i][1]});
        landmarks_[i] = {p.x, p.y};
    }
    millimetres_per_sample_ = 1.0f / (std::sqrt(a_ * a_ + b_ * b_) * oversampling_);
}

Vec3 AlignmentCamera::to_camera(const Vec3& position) const {
    return rotation_.apply(position - kPivot);
}

AlignmentCamera::Point AlignmentCamera::perspective(const Vec3& p) const {
    const float nearness = distance_ / std::max(50.0f, distance_ - p.z);
    return {p.x * nearness, -p.y * nearness};
}

AlignmentCamera::Point AlignmentCamera::align(const Point& p) const {
    return {a_ * p.x - b_ * p.y + shift_x_, b_ * p.x + a_ * p.y + shift_y_};
}

Vec3 AlignmentCamera::project(const Vec3& camera_position) const {
    const Point at = align(perspective(camera_position));
    return {(at.x + 0.5f) * oversampling_, (at.y + 0.5f) * oversampling_, -camera_position.z};
}

std::vector<Vec3> AlignmentCamera::project_all(std::span<const Vertex> vertices) const {
    std::vector<Vec3> projected(vertices.size());
    for (size_t i = 0; i < vertices.size(); ++i) projected[i] = project(to_camera(vertices[i].position));
    return projected;
}

}  // namespace quantface
