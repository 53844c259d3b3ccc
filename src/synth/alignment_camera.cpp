#include "synth/alignment_camera.h"

#include "synth/face_renderer.h"

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
    const float scale = static_cast<float>(size) / 112.0f;
    // The template counts from pixel centres; scaling a picture keeps its edges in place.
    auto on_template = [&](size_t i) {
        return Point{(kArcFaceTemplate[i][0] + 0.5f) * scale - 0.5f,
                     (kArcFaceTemplate[i][1] + 0.5f) * scale - 0.5f};
    };
    std::array<Point, 5> seen;
    Point seen_mean{0, 0}, wanted_mean{0, 0};
    for (size_t i = 0; i < 5; ++i) {
        seen[i] = perspective(to_camera(landmarks[i]));
        const Point wanted = on_template(i);
        seen_mean = {seen_mean.x + seen[i].x / 5, seen_mean.y + seen[i].y / 5};
        wanted_mean = {wanted_mean.x + wanted.x / 5, wanted_mean.y + wanted.y / 5};
    }
    float real = 0, imaginary = 0, square = 0;
    for (size_t i = 0; i < 5; ++i) {
        const Point wanted = on_template(i);
        const float px = seen[i].x - seen_mean.x, py = seen[i].y - seen_mean.y;
        const float qx = wanted.x - wanted_mean.x, qy = wanted.y - wanted_mean.y;
        real += px * qx + py * qy;
        imaginary += px * qy - py * qx;
        square += px * px + py * py;
    }
    const float jitter_a = view.scale * std::cos(view.tilt), jitter_b = view.scale * std::sin(view.tilt);
    a_ = (real * jitter_a - imaginary * jitter_b) / square;
    b_ = (real * jitter_b + imaginary * jitter_a) / square;
    shift_x_ = wanted_mean.x - (a_ * seen_mean.x - b_ * seen_mean.y) + view.shift_x * scale;
    shift_y_ = wanted_mean.y - (b_ * seen_mean.x + a_ * seen_mean.y) + view.shift_y * scale;
    for (size_t i = 0; i < 5; ++i) {
        const Point p = align(seen[i]);
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
