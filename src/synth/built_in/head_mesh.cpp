#include "synth/face_meshes.h"
#include "synth/noise.h"

namespace quantface {

namespace {

// Millimetres between rows: fine where the features are, coarse on the crown and the neck.
std::vector<float> row_heights(const HeadShape& head) {
    std::vector<float> heights;
    const float crown = head.traits().crown_height, chin = head.chin_y();
    for (float y = crown; y > -225;) {
        heights.push_back(y);
        if (y > crown - 12) {
            y -= 1.5f;
        } else if (y > 40) {
            y -= 3.0f;
        } else if (y > chin - 4) {
            y -= 1.6f;
        } else if (y > chin - 24) {
            y -= 2.5f;
        } else {
            y -= 7.0f;
        }
    }
    return heights;
}

// Angles from -pi to pi, dense in front.
std::vector<float> column_angles() {
    std::vector<float> angles;
    constexpr float kFront = 1.25f, kFine = 0.0225f, kCoarse = 0.11f;
    for (float angle = -kPi; angle < -kFront; angle += kCoarse) angles.push_back(angle);
    for (float angle = -kFront; angle < kFront; angle += kFine) angles.push_back(angle);
    for (float angle = kFront; angle < kPi - 0.5f * kCoarse; angle += kCoarse) angles.push_back(angle);
    return angles;
}

}  // namespace

void add_head(const HeadShape& head, Scene& scene) {
    const std::vector<float> heights = row_heights(head), angles = column_angles();
    std::vector<Vertex> grid;
    grid.reserve(heights.size() * angles.size());
    for (const float y : heights) {
        const HeadShape::Row row = head.row(y);
        for (const float angle : angles) {
            const Vec3 canonical = head.point(row, angle);
            grid.push_back({head.warp(canonical), canonical, {}});
        }
    }
    scene.add_grid(grid, static_cast<int>(heights.size()), static_cast<int>(angles.size()), true,
                   Material::kSkin);
}

void add_ears(const HeadShape& head, Scene& scene) {
    constexpr int kRings = 14, kSpokes = 40;
    const ShapeTraits& t = head.traits();
    for (const float side : {-1.0f, 1.0f}) {
        const HeadShape::Row row = head.row(-20);
        const Vec3 root = head.warp({side * (row.half_width - 3), -20, -88});
        // Backward and outward along the ear's sheet, and away from the head.
        const Vec3 sheet = normalized(Vec3{side * std::sin(t.ear_angle), 0, -std::cos(t.ear_angle)});
        const Vec3 away = normalized(Vec3{side * std::cos(t.ear_angle), 0, std::sin(t.ear_angle)});
        const Vec3 up = normalized(Vec3{0, 1, -0.2f});
        std::vector<Vertex> grid;
        for (int ring = 0; ring < kRings; ++ring) {
            const float r = static_cast<float>(ring) / (kRings - 1);
            for (int spoke = 0; spoke < kSpokes; ++spoke) {
                const float turn = 2 * kPi * static_cast<float>(spoke) / kSpokes * side;
                const float c = std::cos(turn), s = std::sin(turn);
                // Wider above than at the lobe.
                const float across = r * c * (s > 0 ? 18.0f : 18.0f - 5.0f * -s) * t.ear_size;
                const float along = r * s * 31 * t.ear_size;
                const float rim = 4.5f * bell(r - 0.86f, 0.12f),
                            antihelix = 3.0f * bell2(r - 0.52f, 0.1f, c - 0.6f, 0.5f);
                const float concha = -5.0f * bell2(r - 0.2f, 0.2f, s + 0.2f, 1.0f);
                const float height = 4 + rim + antihelix + concha - 6 * smooth_step(0.9f, 1, r);
                const Vec3 p = root + sheet * (across + 12) + up * along + away * height;
                grid.push_back({p, p, {}});
            }
        }
        scene.add_grid(grid, kRings, kSpokes, true, Material::kEar);
    }
}

}  // namespace quantface
