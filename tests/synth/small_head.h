// A head asset made up in code: an egg with eyes, a wig and two skins, small enough for tests to build.
#pragma once

#include <cmath>
#include <memory>

#include "synth/assets/head_asset.h"

namespace quantface {

namespace small_head {

inline uint16_t nearest(const HeadAsset& asset, const Vec3& wanted) {
    size_t best = 0;
    for (size_t i = 1; i < asset.canonical.size(); ++i) {
        const Vec3 d = asset.canonical[i] - wanted, b = asset.canonical[best] - wanted;
        if (dot(d, d) < dot(b, b)) best = i;
    }
    return static_cast<uint16_t>(best);
}

// A grid of rows x columns corners around the vertical axis, seen from outside counter-clockwise.
inline void add_ball(int rows, int columns, std::vector<Vec3>& points, std::vector<Uv>& uvs,
                     std::vector<std::array<uint16_t, 3>>& triangles) {
    for (int i = 0; i <= rows; ++i) {
        for (int j = 0; j <= columns; ++j) {
            const float polar = kPi * static_cast<float>(i) / static_cast<float>(rows);
            const float turn = 2 * kPi * (static_cast<float>(j) / static_cast<float>(columns) - 0.5f);
            points.push_back(
                {std::sin(turn) * std::sin(polar), std::cos(polar), std::cos(turn) * std::sin(polar)});
            uvs.push_back({static_cast<float>(j) / static_cast<float>(columns),
                           static_cast<float>(i) / static_cast<float>(rows)});
        }
    }
    for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < columns; ++j) {
            const auto a = static_cast<uint16_t>(i * (columns + 1) + j), b = static_cast<uint16_t>(a + 1);
            const auto c = static_cast<uint16_t>(a + columns + 1), d = static_cast<uint16_t>(c + 1);
            triangles.push_back({a, c, b});
            triangles.push_back({b, c, d});
        }
    }
}

inline AssetTexture texture(const char* name, uint8_t red, uint8_t green, uint8_t blue, bool holes) {
    AssetTexture t{name, 8, 8, {}};
    for (int i = 0; i < 64; ++i) {
        const auto shade = static_cast<uint8_t>(i);
        t.rgba.insert(t.rgba.end(), {static_cast<uint8_t>(red + shade / 4), green, blue,
                                     static_cast<uint8_t>(holes ? 4 * shade : 255)});
    }
    return t;
}

inline Attachment attachment(const char* name, AttachmentKind kind, uint16_t texture_index) {
    Attachment a;
    a.name = name;
    a.kind = kind;
    a.textures = {texture_index};
    return a;
}

}  // namespace small_head

inline std::shared_ptr<const HeadAsset> make_small_head() {
    using namespace small_head;
    auto asset = std::make_shared<HeadAsset>();
    add_ball(24, 32, asset->points, asset->corner_uvs, asset->triangles);
    for (Vec3& p : asset->points) p = p * Vec3{72, 115, 95} + Vec3{0, -25, -70};
    asset->canonical = asset->points;
    const size_t count = asset->points.size();
    for (size_t i = 0; i < count; ++i) asset->corner_points.push_back(static_cast<uint16_t>(i));
    asset->openness.assign(count, 1.0f);
    asset->masks.assign(count, {});
    for (size_t i = 0; i < count; ++i) {
        const Vec3& p = asset->points[i];
        asset->masks[i][static_cast<size_t>(HeadMask::kScalp)] = p.y > 40 || p.z < -100 ? 1.0f : 0.0f;
        asset->masks[i][static_cast<size_t>(HeadMask::kCheeks)] =
            p.y < -20 && p.y > -60 && p.z > -20 ? 1.0f : 0.0f;
    }
    asset->triangle_parts.assign(asset->triangles.size(), HeadPart::kSkin);
    const Vec3 places[kHeadLandmarkCount] = {{-45, 0, 10},  {-17, 0, 20},   {17, 0, 20},   {45, 0, 10},
                                             {0, -35, 40},  {-25, -65, 15}, {25, -65, 15}, {0, -105, 0},
                                             {-72, 0, -80}, {72, 0, -80},   {0, 55, 0}};
    for (size_t i = 0; i < kHeadLandmarkCount; ++i) asset->landmarks[i] = nearest(*asset, places[i]);
    MorphTarget longer{"nose/nose-hump-morehump", {}, {}}, flatter{"nose/nose-hump-lesshump", {}, {}};
    const uint16_t tip = asset->landmarks[static_cast<size_t>(HeadLandmark::kNoseTip)];
    longer.points = flatter.points = {tip};
    longer.deltas = {{0, 0, 12}};
    flatter.deltas = {{0, 0, -3}};
    asset->targets = {longer, flatter};
    asset->textures = {texture("young_lightskinned_female.png", 200, 160, 140, false),
                       texture("old_darkskinned_male.png", 90, 60, 50, false),
                       texture("brown_eye.png", 120, 90, 70, false),
                       texture("strands.png", 60, 50, 40, true)};
    asset->skins = {0, 1};
    Attachment eyes = attachment("eyes", AttachmentKind::kEyes, 2);
    Attachment wig = attachment("short02", AttachmentKind::kHair, 3);
    for (const float side : {-1.0f, 1.0f}) {
        std::vector<Vec3> ball;
        std::vector<Uv> uvs;
        std::vector<std::array<uint16_t, 3>> triangles;
        add_ball(8, 12, ball, uvs, triangles);
        const auto first = static_cast<uint16_t>(eyes.anchors.size());
        const uint16_t anchor = nearest(*asset, {32 * side, 0, 20});
        for (size_t i = 0; i < ball.size(); ++i) {
            eyes.anchors.push_back({anchor, anchor, anchor});
            eyes.weights.push_back({1, 0, 0});
            eyes.offsets.push_back(ball[i] * 12.0f);
            eyes.corner_points.push_back(static_cast<uint16_t>(first + i));
            eyes.corner_uvs.push_back(uvs[i]);
        }
        for (auto t : triangles) {
            for (uint16_t& corner : t) corner = static_cast<uint16_t>(corner + first);
            eyes.triangles.push_back(t);
        }
    }
    for (size_t i = 0; i < count; ++i) {
        wig.anchors.push_back({static_cast<uint16_t>(i), 0, 0});
        wig.weights.push_back({1, 0, 0});
        wig.offsets.push_back({0, 5, 0});
        wig.corner_points.push_back(static_cast<uint16_t>(i));
        wig.corner_uvs.push_back(asset->corner_uvs[i]);
    }
    for (const auto& t : asset->triangles) {
        if (asset->points[t[0]].y > 40) wig.triangles.push_back(t);
    }
    asset->attachments = {eyes, wig};
    return asset;
}

}  // namespace quantface
