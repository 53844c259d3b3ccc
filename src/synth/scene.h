// What is drawn: triangles with a material each, built from grids of points.
#pragma once

#include <cstdint>
#include <vector>

#include "synth/vec.h"

namespace quantface {

enum class Material : uint8_t { kSkin, kHair, kHeadwear, kClothes, kFrame, kMask, kOccluder, kEar };

struct Vertex {
    Vec3 position;   // in the head's frame, millimetres
    Vec3 canonical;  // where materials look themselves up
    Vec3 normal;     // unit, outward
};

struct Triangle {
    uint32_t corners[3];
    Material material;
};

struct Scene {
    std::vector<Vertex> vertices;
    std::vector<Triangle> triangles;

    // Appends rows x columns vertices (row-major, normals still unset), computes their normals and joins
    // them. Rows run downward and columns so that, seen from outside, they run to the right.
    void add_grid(const std::vector<Vertex>& grid, int rows, int columns, bool closed, Material material);
};

}  // namespace quantface
