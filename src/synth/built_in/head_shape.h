// The surface of one head with one expression, as a function of angle and height.
#pragma once

#include <array>

#include "synth/curve.h"
#include "synth/face_traits.h"
#include "synth/vec.h"
#include "synth/view_traits.h"

namespace quantface {

// Where a point lies with respect to an eye's lids.
struct EyePosition {
    float side = 1;        // 1: the face's left eye (x > 0), -1: the right one
    float u = 0;           // -1 inner corner to 1 outer corner
    float dx = 0, dy = 0;  // from the eye's centre, millimetres; dx outward, dy with the lids' tilt taken out
    float upper = 0, lower = 0;  // the lids' edges at u, in terms of dy; equal beyond the corners
    bool open() const { return u > -1 && u < 1 && dy < upper && dy > lower; }
};

// The lips' edges at one x, millimetres of height.
struct MouthSection {
    float t = 0;  // |x| over the mouth's half width
    float upper_outer = 0, upper_inner = 0, lower_inner = 0, lower_outer = 0;
};

// Heights are measured in the "canonical" frame, in which the face is symmetric; warp() then gives the
// person's own deformation. Materials look up canonical points, the rasterizer draws warped ones.
class HeadShape {
  public:
    HeadShape(const FaceTraits& face, const Expression& expression);

    // What depends on the height only; computed once per row of the mesh.
    struct Row {
        float y, half_width, front, back, exponent;
        float nose_height, nose_width;
    };
    Row row(float y) const;
    // The canonical point at an angle: 0 front, pi / 2 the face's left, +-pi back.
    Vec3 point(const Row& row, float angle) const;
    Vec3 warp(const Vec3& canonical) const;

    EyePosition eye_position(float x, float y) const;
    MouthSection mouth_section(float x) const;

    // Warped: right eye (image left), left eye, nose tip, right and left corner of the mouth.
    std::array<Vec3, 5> landmarks() const;

    const ShapeTraits& traits() const { return traits_; }
    const Expression& expression() const { return expression_; }
    float chin_y() const { return chin_y_; }
    float mouth_half_width() const { return mouth_half_width_; }

  private:
    float relief(const Row& row, float x) const;
    float eye_relief(float x, float y, float base_z) const;
    float nose_relief(const Row& row, float side_x) const;
    float mouth_relief(float x, float y) const;
    float cheek_relief(float side_x, float y) const;

    ShapeTraits traits_;
    Expression expression_;
    float jaw_drop_, chin_y_, mouth_y_, mouth_half_width_, corner_y_, upper_inner_y_, lower_inner_y_;
    Curve<9> half_width_;
    Curve<15> front_;
    Curve<8> back_;
    Curve<9> exponent_;
    Curve<9> nose_height_;
    Curve<5> nose_width_;
};

}  // namespace quantface
