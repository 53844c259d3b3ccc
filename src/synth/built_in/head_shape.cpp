#include "synth/built_in/head_shape.h"

#include "synth/noise.h"

namespace quantface {

namespace {

// The depth of the ears' plane, at which the cross-section is widest.
constexpr float kMiddleZ = -85;
constexpr float kEyeballRadius = 12.2f;

Curve<9> half_width_curve(const ShapeTraits& t, float chin_y, float jaw_drop) {
    return Curve<9>({{{-230, t.neck_half_width + 22},
                      {chin_y - 18, t.neck_half_width},
                      {chin_y + 2, t.jaw_half_width * 0.84f},
                      {-80 - 0.6f * jaw_drop, t.jaw_half_width},
                      {-20, t.cheek_half_width},
                      {40, t.temple_half_width},
                      {t.crown_height - 30, t.temple_half_width * 0.87f},
                      {t.crown_height - 8, t.temple_half_width * 0.52f},
                      {t.crown_height, 0.01f}}});
}

Curve<15> front_curve(const ShapeTraits& t, float chin_y, float mouth_low_y, float mouth_y) {
    const float chin = t.chin_forward;
    return Curve<15>({{{-230, -38},
                       {chin_y - 20, -44},
                       {chin_y - 3, -10 + 0.5f * chin},
                       {chin_y + 3, 1 + 0.8f * chin},
                       {chin_y + 11, 6 + chin},
                       {mix(chin_y, mouth_low_y, 0.6f), 4.5f + 0.5f * chin},
                       {mouth_y, 8},
                       {-t.nose_length, 7},
                       {-20, 5},
                       {0, 6},
                       {22, 13},
                       {55, 10 - 0.4f * t.forehead_slope},
                       {84, -5 - t.forehead_slope},
                       {t.crown_height - 12, -38 - t.forehead_slope},
                       {t.crown_height, kMiddleZ}}});
}

Curve<9> nose_height_curve(const ShapeTraits& t) {
    const float base = -t.nose_length, tip = -t.nose_tip_height, height = t.nose_height;
    return Curve<9>({{{base - 3, 0},
                      {base + 1, height * 0.38f},
                      {mix(base, tip, 0.55f), height * 0.8f},
                      {tip, height},
                      {tip * 0.76f, height * 0.86f},
                      {tip * 0.45f, mix(t.nose_bridge_height, height, 0.48f) + t.nose_hump},
                      {2, t.nose_bridge_height},
                      {14, t.nose_bridge_height * 0.5f},
                      {26, 0}}});
}

}  // namespace

HeadShape::HeadShape(const FaceTraits& face, const Expression& expression)
    : traits_(face.shape),
      expression_(expression),
      jaw_drop_(expression.jaw_drop),
      chin_y_(-face.shape.chin_height - expression.jaw_drop),
      mouth_y_(-face.shape.mouth_height),
      mouth_half_width_(face.shape.mouth_half_width + 7.5f * expression.smile - 7 * expression.pucker -
                        0.15f * expression.jaw_drop),
      corner_y_(mouth_y_ + face.shape.mouth_curve + 8.0f * expression.smile - 0.4f * expression.jaw_drop),
      upper_inner_y_(mouth_y_ + 0.25f * expression.lips_part),
      lower_inner_y_(mouth_y_ - 0.75f * expression.lips_part - expression.jaw_drop),
      half_width_(half_width_curve(face.shape, chin_y_, jaw_drop_)),
      front_(front_curve(face.shape, chin_y_, lower_inner_y_, mouth_y_)),
      back_({{{-230, -140},
              {-120, -138},
              {-80, -150},
              {-30, -168},
              {30, -178},
              {70, -166},
              {100, -136},
              {face.shape.crown_height, kMiddleZ}}}),
      exponent_({{{chin_y_ - 20, 2.0f},
                  {chin_y_ - 2, 1.35f * face.shape.chin_width},
                  {chin_y_ + 10, 1.55f * face.shape.chin_width},
                  {chin_y_ + 30, 1.2f + 0.8f * face.shape.chin_width},
                  {-45, 2.3f},
                  {-10, 2.5f},
                  {30, 2.5f},
                  {80, 2.2f},
                  {face.shape.crown_height, 2.0f}}}),
      nose_height_(nose_height_curve(face.shape)),
      nose_width_({{{-face.shape.nose_length, face.shape.nose_tip_width * 0.95f},
                    {-face.shape.nose_tip_height, face.shape.nose_tip_width},
                    {-face.shape.nose_tip_height * 0.6f,
                     mix(face.shape.nose_bridge_width, face.shape.nose_tip_width, 0.55f)},
                    {2, face.shape.nose_bridge_width},
                    {22, face.shape.nose_bridge_width * 1.8f}}}) {
    traits_.brow_height += expression.brow_raise - 1.5f * expression.frown;
    traits_.nasolabial += 1.6f * std::max(0.0f, expression.smile);
    traits_.cheek_fullness += 1.5f * std::max(0.0f, expression.smile);
    traits_.upper_lip *= 1 - 0.28f * std::max(0.0f, expression.smile);
    traits_.lower_lip *= 1 - 0.18f * std::max(0.0f, expression.smile);
    traits_.lip_fullness += 2.5f * expression.pucker;
}

HeadShape::Row HeadShape::row(float y) const {
    return {y, half_width_(y), front_(y), back_(y), exponent_(y), nose_height_(y), nose_width_(y)};
}

EyePosition HeadShape::eye_position(float x, float y) const {
    EyePosition e;
    e.side = x < 0 ? -1.0f : 1.0f;
    e.dx = e.side * x - traits_.eye_half_distance;
    e.dy = y - traits_.eye_tilt * e.dx;
    e.u = e.dx / traits_.eye_half_width;
    if (e.u > -1 && e.u < 1) {
        const float opening = traits_.eye_opening * (x < 0 ? expression_.lid_right : expression_.lid_left);
        const float arch = 1 - e.u * e.u;
        e.upper = 0.6f * opening * std::pow(arch, 0.65f) * (1 + traits_.eye_peak * e.u);
        e.lower = -0.4f * opening * std::pow(arch, 0.8f) * (1 + 0.25f * e.u) +
                  1.3f * std::max(0.0f, expression_.smile) * arch;
        e.lower = std::min(e.lower, e.upper);
    }
    return e;
}

MouthSection HeadShape::mouth_section(float x) const {
    MouthSection m;
    m.t = std::abs(x) / mouth_half_width_;
    const float arch = std::max(0.0f, 1 - m.t * m.t);
    m.upper_inner = mix(corner_y_, upper_inner_y_, arch);
    m.lower_inner = std::min(m.upper_inner, mix(corner_y_, lower_inner_y_, std::pow(arch, 0.8f)));
    const float bow = traits_.cupid_bow * (bell(std::abs(x) - 5.5f, 3) - 0.8f * bell(x, 2.2f));
    const float fall = m.t < 1 ? 1 - std::pow(m.t, 1.6f) : 0.0f;
    m.upper_outer = m.upper_inner + std::max(0.0f, traits_.upper_lip * fall + bow);
    m.lower_outer = m.lower_inner - traits_.lower_lip * std::pow(arch, 0.75f);
    return m;
}

float HeadShape::eye_relief(float x, float y, float base_z) const {
    const ShapeTraits& t = traits_;
    const float side_x = std::abs(x);
    const EyePosition e = eye_position(x, y);
    if (std::abs(e.dx) > 40 || std::abs(y) > 45) return 0;
    float dz = -t.socket_depth * bell2(e.dx + 1, 15, y - 3, 10) - 3.5f * bell2(e.dx + 16, 5, y - 2, 7);
    // The eyeball pushes the lids out; within the opening the surface is the ball itself.
    const float centre_z = 1.2f - kEyeballRadius + t.eye_depth;
    const float square = e.dx * e.dx + e.dy * e.dy;
    const float lid = e.open() ? 0.0f : 1.1f;
    const float radius = kEyeballRadius + lid;
    if (square < radius * radius) {
        const float ball = centre_z + std::sqrt(radius * radius - square) - base_z;
        const float over = ball - dz;
        // Rises smoothly from the socket where the ball only just shows.
        if (over > 0) dz += over * over / (over + 1.0f);
    }
    // The lid's crease, and the bag below.
    if (!e.open() && e.u > -1.2f && e.u < 1.3f) {
        dz -= 1.3f * bell(e.dy - e.upper - t.lid_fold, 1.1f);
    }
    dz += t.eye_bags * (bell2(e.dx, 12, y + 14, 3.5f) - 0.8f * bell2(e.dx + 2, 12, y + 20, 2.5f));
    dz += t.brow_ridge * bell2(side_x - 26, 15, y - t.brow_height + 3, 6.5f);
    dz -= 1.5f * expression_.frown * bell2(side_x - 5, 2, y - 20, 8);
    return dz;
}

float HeadShape::nose_relief(const Row& row, float side_x) const {
    const ShapeTraits& t = traits_;
    const float y = row.y;
    if (y < -t.nose_length - 16 || y > 30 || side_x > 45) return 0;
    const float ridge =
        0.72f * bell(side_x, row.nose_width * 0.92f) + 0.28f * bell(side_x, row.nose_width * 1.75f);
    const float wing_height = 0.44f * t.nose_height * (1 + 0.15f * std::max(0.0f, expression_.smile));
    const float half_width = t.nostril_half_width + 1.5f * std::max(0.0f, expression_.smile);
    float dz = row.nose_height * ridge;
    dz += wing_height * bell2(side_x - half_width + 4.5f, 3.8f, y + t.nose_length - 6, 4.8f);
    dz -= 2.2f * bell2(side_x - half_width - 2, 3, y + t.nose_length - 6, 6);
    dz -= 6.0f * bell2(side_x - 0.42f * half_width, 2.6f, y + t.nose_length - 0.5f, 2.0f);
    return dz;
}

float HeadShape::mouth_relief(float x, float y) const {
    const ShapeTraits& t = traits_;
    if (std::abs(x) > mouth_half_width_ * 1.6f || y > -t.nose_length + 4 || y < chin_y_) return 0;
    const MouthSection m = mouth_section(x);
    const float fade = 1 - smooth_step(0.7f, 1.25f, m.t);
    // The teeth push the whole region out.
    float dz = 3.5f * bell2(x, 24, y - mouth_y_ + 0.3f * jaw_drop_, 17);
    const float upper_middle = 0.5f * (m.upper_inner + m.upper_outer);
    const float lower_middle = 0.5f * (m.lower_inner + m.lower_outer);
    dz += fade * t.lip_fullness * bell(y - upper_middle, 0.42f * t.upper_lip + 1);
    dz += fade * t.lip_fullness * 1.1f * bell(y - lower_middle, 0.42f * t.lower_lip + 1);
    if (y < m.upper_inner && y > m.lower_inner)
        dz -= 7 * smooth_step(0, 2, std::min(m.upper_inner - y, y - m.lower_inner));
    dz -= fade * 2.0f * bell(y - 0.5f * (m.upper_inner + m.lower_inner), 1.2f);
    dz -= 2.2f * bell2(std::abs(x) - mouth_half_width_, 3.5f, y - corner_y_, 4);
    if (y > m.upper_outer) dz -= 1.2f * bell(x, 2.8f) + 0.5f * bell(std::abs(x) - 6, 2);  // the philtrum
    return dz;
}

float HeadShape::cheek_relief(float side_x, float y) const {
    const ShapeTraits& t = traits_;
    const float smile = std::max(0.0f, expression_.smile);
    float dz = t.cheekbone * bell2(side_x - 46, 15, y + 22, 11);
    dz += (t.cheek_fullness + 1.0f) * bell2(side_x - 38, 16, y + 52, 20);
    dz += 3.0f * smile * bell2(side_x - 34, 10, y + 34, 9);
    dz += t.face_depth * bell2(side_x, 42, y + 35, 50);
    // The fold runs from the nostril's wing to beside the mouth.
    const float along = saturate((-y - t.nose_length + 8) / (t.mouth_height - t.nose_length + 16));
    const float fold_x = mix(t.nostril_half_width + 1.5f, mouth_half_width_ + 8, std::pow(along, 0.8f));
    const float strength = t.nasolabial * smooth_step(0, 0.12f, along) * smooth_step(1, 0.7f, along);
    dz += strength * (1.3f * bell(side_x - fold_x - 5, 4) - 1.7f * bell(side_x - fold_x, 1.7f));
    dz += 1.5f * bell2(side_x, 13 * t.chin_width, y - chin_y_ - 11, 8);
    dz -= t.chin_cleft * bell2(side_x, 1.8f, y - chin_y_ - 9, 6);
    dz -= 2.0f * bell2(side_x - 62, 12, y - 22, 16);  // the temples
    return dz;
}

float HeadShape::relief(const Row& row, float x) const {
    const float side_x = std::abs(x), y = row.y;
    if (y > 60 || y < chin_y_ - 10) return 0;
    return nose_relief(row, side_x) + mouth_relief(x, y) + cheek_relief(side_x, y);
}

Vec3 HeadShape::point(const Row& row, float angle) const {
    const float s = std::sin(angle), c = std::cos(angle);
    const float x = row.half_width * s;
    const float side = std::min(1.0f, std::abs(s));
    if (c <= 0) {
        const float round = std::sqrt(std::max(0.0f, 1 - side * side));
        return {x, row.y, kMiddleZ + (row.back - kMiddleZ) * round};
    }
    const float arch = std::pow(std::max(0.0f, 1 - std::pow(side, row.exponent)), 1.0f / row.exponent);
    float z = kMiddleZ + (row.front - kMiddleZ) * arch;
    if (c > 0.05f) {
        const float front = smooth_step(0.05f, 0.4f, c);
        z += front * relief(row, x);
        z += front * eye_relief(x, row.y, z);
    }
    return {x, row.y, z};
}

Vec3 HeadShape::warp(const Vec3& p) const {
    const uint32_t seed = traits_.warp_seed;
    // |x| with its corner rounded off: the field is mirrored and smooth.
    const Vec3 q = Vec3{std::sqrt(p.x * p.x + 64), p.y, p.z} * (1 / 42.0f);
    const Vec3 r = p * (1 / 55.0f);
    const Vec3 mirrored{noise3(q, seed) * saturate(std::abs(p.x) / 12) * (p.x < 0 ? -1.0f : 1.0f),
                        noise3(q, seed + 1), noise3(q, seed + 2)};
    const Vec3 free{noise3(r, seed + 3), noise3(r, seed + 4), noise3(r, seed + 5)};
    Vec3 moved = p + mirrored * traits_.warp + free * traits_.warp_asymmetry;
    if (p.z > -40) {
        // Finer differences, of the size of an eye or a nostril's wing.
        const Vec3 f = Vec3{std::sqrt(p.x * p.x + 16), p.y, p.z} * (1 / 17.0f);
        const Vec3 fine{noise3(f, seed + 6) * saturate(std::abs(p.x) / 8) * (p.x < 0 ? -1.0f : 1.0f),
                        noise3(f, seed + 7), noise3(f, seed + 8)};
        moved += fine * (0.3f * traits_.warp * smooth_step(-40, -15, p.z));
    }
    moved.x += traits_.nose_bend * bell2(p.x, 12, p.y + 36, 16);
    return moved;
}

std::array<Vec3, 5> HeadShape::landmarks() const {
    auto surface = [this](float x, float y) {
        const Row r = row(y);
        return warp(point(r, std::asin(std::clamp(x / r.half_width, -1.0f, 1.0f))));
    };
    return {surface(-traits_.eye_half_distance, 0), surface(traits_.eye_half_distance, 0),
            surface(0, -traits_.nose_tip_height), surface(-mouth_half_width_, corner_y_),
            surface(mouth_half_width_, corner_y_)};
}

}  // namespace quantface
