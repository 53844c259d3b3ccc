// Small vector arithmetic for the face renderer. Lengths are millimetres unless stated otherwise.
#pragma once

#include <algorithm>
#include <cmath>

namespace quantface {

inline constexpr float kPi = 3.14159265f;

struct Vec3 {
    float x = 0, y = 0, z = 0;

    Vec3 operator+(const Vec3& other) const { return {x + other.x, y + other.y, z + other.z}; }
    Vec3 operator-(const Vec3& other) const { return {x - other.x, y - other.y, z - other.z}; }
    Vec3 operator*(const Vec3& other) const { return {x * other.x, y * other.y, z * other.z}; }
    Vec3 operator*(float scale) const { return {x * scale, y * scale, z * scale}; }
    Vec3& operator+=(const Vec3& other) { return *this = *this + other; }
};

inline float dot(const Vec3& a, const Vec3& b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
inline Vec3 cross(const Vec3& a, const Vec3& b) {
    return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
// The zero vector stays zero.
inline Vec3 normalized(const Vec3& a) {
    return a * (1.0f / std::sqrt(std::max(dot(a, a), 1e-20f)));
}

inline float mix(float a, float b, float t) {
    return a + (b - a) * t;
}
inline Vec3 mix(const Vec3& a, const Vec3& b, float t) {
    return a + (b - a) * t;
}

inline float saturate(float x) {
    return std::clamp(x, 0.0f, 1.0f);
}
// 0 below `low`, 1 above `high` (or the reverse where low > high), smooth between.
inline float smooth_step(float low, float high, float x) {
    const float t = saturate((x - low) / (high - low));
    return t * t * (3.0f - 2.0f * t);
}
// exp(-(x / width)^2 / 2), cut to zero past 4.2 widths, where it is below 2e-4.
inline float bell(float x, float width) {
    const float t = x / width;
    return t * t > 17.6f ? 0.0f : std::exp(-0.5f * t * t);
}
inline float bell2(float x, float x_width, float y, float y_width) {
    const float s = x / x_width, t = y / y_width;
    const float square = s * s + t * t;
    return square > 17.6f ? 0.0f : std::exp(-0.5f * square);
}
inline float luminance(const Vec3& linear_rgb) {
    return 0.2126f * linear_rgb.x + 0.7152f * linear_rgb.y + 0.0722f * linear_rgb.z;
}

// A rotation; rows are the images of the axes under the inverse.
struct Rotation {
    Vec3 row_x{1, 0, 0}, row_y{0, 1, 0}, row_z{0, 0, 1};

    Vec3 apply(const Vec3& v) const { return {dot(row_x, v), dot(row_y, v), dot(row_z, v)}; }
};

// Radians. Positive yaw turns the face to the image's right, positive pitch lifts it, positive roll tilts it
// clockwise as seen in the image. Yaw is applied first, then pitch, then roll.
inline Rotation head_rotation(float yaw, float pitch, float roll) {
    const float cy = std::cos(yaw), sy = std::sin(yaw);
    const float cp = std::cos(pitch), sp = std::sin(pitch);
    const float cr = std::cos(roll), sr = std::sin(roll);
    const Vec3 yaw_x{cy, 0, sy}, yaw_y{0, 1, 0}, yaw_z{-sy, 0, cy};
    const Vec3 pitch_y = yaw_y * cp + yaw_z * sp;
    const Vec3 pitch_z = yaw_z * cp - yaw_y * sp;
    return {yaw_x * cr + pitch_y * sr, pitch_y * cr - yaw_x * sr, pitch_z};
}

}  // namespace quantface
