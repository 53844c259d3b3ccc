// Meshes in the JSON format of three.js (version 3), as MakeHuman's data comes: shapes, places in textures,
// and for what is worn the points of the body that carry it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "synth/assets/head_asset.h"

namespace quantface {

struct ThreejsFace {
    int material = 0;
    int corners = 4;              // 3 or 4
    std::array<int, 4> points{};  // into points
    std::array<int, 4> uvs{};     // into uvs
};

struct ThreejsMesh {
    std::vector<Vec3> points;  // as in the file: decimetres
    std::vector<Uv> uvs;       // v downward
    std::vector<ThreejsFace> faces;
    std::vector<std::string> materials;  // names
    // Of what is worn; empty otherwise. Per point: three points of the body, their weights, and an offset.
    std::vector<std::array<int, 3>> anchors;
    std::vector<Vec3> weights, offsets;
};

// Throws Error(kBadInput) with `name` in it.
ThreejsMesh read_threejs_mesh(std::span<const uint8_t> json, const std::string& name);

}  // namespace quantface
