#include "synth/face_meshes.h"

namespace quantface {

namespace {

// The panes' sheet, bent round the face; z by x.
float pane_z(const GlassesFit& fit, float x) {
    return fit.front - 0.0022f * x * x;
}

// The outline of a pane at `turn`, a superellipse of half axes a and b.
Vec3 pane_point(const GlassesFit& fit, const HabitTraits& habits, float side, float turn, float grow,
                float inset) {
    const float c = std::cos(turn), s = std::sin(turn);
    const float power = 2.0f / habits.lens_squareness;
    const float a = (habits.lens_half_width + grow) * inset, b = (habits.lens_half_height + grow) * inset;
    const float dx = a * std::copysign(std::pow(std::abs(c), power), c);
    const float dy = b * std::copysign(std::pow(std::abs(s), power), s);
    const float centre = std::max(fit.eye_half_distance + 1, habits.lens_half_width + 8);
    const float x = side * (centre + dx);
    return {x, dy - 3, pane_z(fit, x)};
}

void add_strip(const std::vector<Vec3>& path, const Vec3& half_across, Material material, Scene& scene) {
    std::vector<Vertex> grid;
    for (const float sign : {1.0f, -1.0f}) {
        for (const Vec3& p : path) grid.push_back({p + half_across * sign, p, {}});
    }
    scene.add_grid(grid, 2, static_cast<int>(path.size()), false, material);
}

}  // namespace

GlassesFit glasses_fit(const HeadShape& head) {
    return {head.traits().eye_half_distance, 15 + 0.3f * head.traits().nose_bridge_height,
            head.row(0).half_width, 3, -90};
}

void add_glasses_frame(const GlassesFit& fit, const HabitTraits& habits, Scene& scene) {
    constexpr int kSpokes = 48;
    for (const float side : {-1.0f, 1.0f}) {
        std::vector<Vertex> ring;
        for (int i = 0; i < 3; ++i) {
            for (int j = 0; j < kSpokes; ++j) {
                const float turn = -2 * kPi * static_cast<float>(j) / kSpokes * side;
                Vec3 p = pane_point(fit, habits, side, turn,
                                    habits.frame_thickness * static_cast<float>(2 - i) * 0.5f, 1);
                if (i == 1) p.z += 1.5f;
                ring.push_back({p, p, {}});
            }
        }
        scene.add_grid(ring, 3, kSpokes, true, Material::kFrame);
        const Vec3 hinge = pane_point(fit, habits, side, 0.25f, habits.frame_thickness, 1);
        const float ear_x = side * (fit.ear_half_width + 2);
        add_strip(
            {hinge, {mix(hinge.x, ear_x, 0.8f), fit.ear_y, fit.front - 32}, {ear_x, fit.ear_y, fit.ear_z}},
            {0, 0.6f * habits.frame_thickness + 0.6f, 0}, Material::kFrame, scene);
    }
    const Vec3 left = pane_point(fit, habits, 1, kPi - 0.4f, 0, 1);
    const float lift = left.y + 2;
    add_strip({{-left.x, left.y, left.z}, {0, lift, pane_z(fit, 0) + 2}, left},
              {0, 0.5f * habits.frame_thickness + 0.4f, 0}, Material::kFrame, scene);
}

void add_lenses(const GlassesFit& fit, const HabitTraits& habits, Scene& scene) {
    constexpr int kRings = 6, kSpokes = 36;
    for (const float side : {-1.0f, 1.0f}) {
        std::vector<Vertex> disc;
        for (int i = 0; i < kRings; ++i) {
            for (int j = 0; j < kSpokes; ++j) {
                const float turn = -2 * kPi * static_cast<float>(j) / kSpokes * side;
                const Vec3 p = pane_point(fit, habits, side, turn, 0,
                                          1 - static_cast<float>(i) / static_cast<float>(kRings));
                disc.push_back({p, p, {}});
            }
        }
        scene.add_grid(disc, kRings, kSpokes, true, Material::kFrame);
    }
}

void add_mask(const HeadShape& head, Scene& scene) {
    constexpr int kRows = 48, kColumns = 48;
    const float top = -20, bottom = head.chin_y() - 6;
    std::vector<Vertex> grid;
    for (int i = 0; i < kRows; ++i) {
        const float fall = static_cast<float>(i) / (kRows - 1);
        const float y = mix(top, bottom, fall);
        HeadShape::Row row = head.row(std::max(y, head.chin_y() + 12));
        row.nose_height = 0;
        for (int j = 0; j < kColumns; ++j) {
            const float angle = 1.1f * (2.0f * static_cast<float>(j) / (kColumns - 1) - 1.0f);
            Vec3 p = head.point(row, angle);
            const float dome = 30 * bell(p.x, 24) * (1 - 0.55f * fall) + 5 * std::cos(angle);
            p = {p.x, y + 6 * std::abs(std::sin(angle)) * (0.5f - fall),
                 std::max(p.z + 3, row.front + dome - 0.008f * p.x * p.x)};
            grid.push_back({head.warp(p), {p.x, y, fall}, {}});
        }
    }
    scene.add_grid(grid, kRows, kColumns, false, Material::kMask);
}

void add_occluder(const Wear& wear, Scene& scene) {
    constexpr int kRows = 16, kColumns = 24;
    std::vector<Vertex> grid;
    for (int i = 0; i < kRows; ++i) {
        const float polar = kPi * static_cast<float>(i) / (kRows - 1);
        for (int j = 0; j < kColumns; ++j) {
            const float turn = 2 * kPi * static_cast<float>(j) / kColumns;
            const Vec3 unit{std::sin(turn) * std::sin(polar), std::cos(polar),
                            std::cos(turn) * std::sin(polar)};
            const Vec3 p = wear.occluder_position + unit * wear.occluder_size;
            grid.push_back({p, p, {}});
        }
    }
    scene.add_grid(grid, kRows, kColumns, true, Material::kOccluder);
}

void add_clothes(const HeadShape& head, Scene& scene) {
    constexpr int kRows = 24, kColumns = 48;
    const float neck = head.traits().neck_half_width;
    const Curve<5> half_width({{{-320, 235}, {-250, 225}, {-210, 175}, {-180, 100}, {-150, neck + 8}}});
    const Curve<4> front({{{-320, 30}, {-240, 10}, {-190, -20}, {-150, -30}}});
    std::vector<Vertex> grid;
    for (int i = 0; i < kRows; ++i) {
        const float y = mix(-150, -320, static_cast<float>(i) / (kRows - 1));
        const float width = half_width(y), depth = 0.5f * (front(y) + 150);
        for (int j = 0; j < kColumns; ++j) {
            const float angle = kPi * (2.0f * static_cast<float>(j) / kColumns - 1.0f);
            const Vec3 p{width * std::sin(angle), y - 12 * std::max(0.0f, std::cos(angle)),
                         -150 + depth + depth * std::cos(angle)};
            grid.push_back({p, p, {}});
        }
    }
    scene.add_grid(grid, kRows, kColumns, true, Material::kClothes);
}

}  // namespace quantface
