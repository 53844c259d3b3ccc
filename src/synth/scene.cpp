#include "synth/scene.h"

#include "base/error.h"

namespace quantface {

void Scene::add_grid(const std::vector<Vertex>& grid, int rows, int columns, bool closed, Material material) {
    QF_CHECK(grid.size() == static_cast<size_t>(rows) * static_cast<size_t>(columns));
    const auto first = static_cast<uint32_t>(vertices.size());
    vertices.insert(vertices.end(), grid.begin(), grid.end());
    auto index = [&](int row, int column) { return first + static_cast<uint32_t>(row * columns + column); };
    auto position = [&](int row, int column) {
        if (closed) column = (column + columns) % columns;
        return grid[static_cast<size_t>(row * columns + std::clamp(column, 0, columns - 1))].position;
    };
    for (int row = 0; row < rows; ++row) {
        const int above = std::max(row - 1, 0), below = std::min(row + 1, rows - 1);
        for (int column = 0; column < columns; ++column) {
            const Vec3 down = position(below, column) - position(above, column);
            const Vec3 right = position(row, column + 1) - position(row, column - 1);
            vertices[index(row, column)].normal = normalized(cross(down, right));
        }
    }
    for (int row = 0; row + 1 < rows; ++row) {
        for (int column = 0; column < (closed ? columns : columns - 1); ++column) {
            const int next = (column + 1) % columns;
            const uint32_t a = index(row, column), b = index(row, next);
            const uint32_t c = index(row + 1, column), d = index(row + 1, next);
            triangles.push_back({{a, c, b}, material});
            triangles.push_back({{b, c, d}, material});
        }
    }
}

}  // namespace quantface
