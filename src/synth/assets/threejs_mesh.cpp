#include "synth/assets/threejs_mesh.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace quantface {

namespace {

using Json = nlohmann::json;

// What a face's first number says that follows.
enum FaceBits {
    kQuad = 1,
    kMaterial = 2,
    kFaceUv = 4,
    kUvs = 8,
    kFaceNormal = 16,
    kNormals = 32,
    kFaceColour = 64,
    kColours = 128
};

std::vector<ThreejsFace> read_faces(const std::vector<int>& numbers, size_t points, size_t uvs) {
    std::vector<ThreejsFace> faces;
    size_t at = 0;
    auto next = [&](size_t bound) {
        const int value = numbers.at(at++);
        if (value < 0 || static_cast<size_t>(value) >= bound) throw std::out_of_range("face");
        return value;
    };
    while (at < numbers.size()) {
        const int bits = next(256);
        ThreejsFace face;
        face.corners = (bits & kQuad) != 0 ? 4 : 3;
        for (int i = 0; i < face.corners; ++i) face.points[static_cast<size_t>(i)] = next(points);
        if ((bits & kMaterial) != 0) face.material = next(100000);
        if ((bits & kFaceUv) != 0) next(uvs);
        if ((bits & kUvs) != 0) {
            for (int i = 0; i < face.corners; ++i) face.uvs[static_cast<size_t>(i)] = next(uvs);
        }
        constexpr size_t kAny = size_t{1} << 30;
        if ((bits & kFaceNormal) != 0) next(kAny);
        for (int i = 0; (bits & kNormals) != 0 && i < face.corners; ++i) next(kAny);
        if ((bits & kFaceColour) != 0) next(kAny);
        for (int i = 0; (bits & kColours) != 0 && i < face.corners; ++i) next(kAny);
        faces.push_back(face);
    }
    return faces;
}

std::vector<Vec3> read_vectors(const Json& list) {
    std::vector<Vec3> vectors;
    for (const Json& row : list)
        vectors.push_back({row.at(0).get<float>(), row.at(1).get<float>(), row.at(2).get<float>()});
    return vectors;
}

ThreejsMesh convert(const Json& json) {
    ThreejsMesh mesh;
    const auto numbers = json.at("vertices").get<std::vector<float>>();
    for (size_t i = 0; i + 2 < numbers.size(); i += 3)
        mesh.points.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
    const auto uvs = json.at("uvs").at(0).get<std::vector<float>>();
    for (size_t i = 0; i + 1 < uvs.size(); i += 2) mesh.uvs.push_back({uvs[i], 1 - uvs[i + 1]});
    for (const Json& material : json.at("materials")) mesh.materials.push_back(material.value("DbgName", ""));
    mesh.faces = read_faces(json.at("faces").get<std::vector<int>>(), mesh.points.size(), mesh.uvs.size());
    if (json.contains("ref_vIdxs")) {
        for (const Json& row : json.at("ref_vIdxs"))
            mesh.anchors.push_back({row.at(0).get<int>(), row.at(1).get<int>(), row.at(2).get<int>()});
        mesh.weights = read_vectors(json.at("weights"));
        mesh.offsets = read_vectors(json.at("offsets"));
        if (mesh.weights.size() != mesh.anchors.size() || mesh.offsets.size() != mesh.anchors.size() ||
            mesh.points.size() != mesh.anchors.size())
            throw std::out_of_range("anchors");
    }
    return mesh;
}

}  // namespace

ThreejsMesh read_threejs_mesh(std::span<const uint8_t> json, const std::string& name) {
    try {
        return convert(Json::parse(json.begin(), json.end()));
    } catch (const std::exception&) {  // of the JSON library, or an index out of range
        fail_bad_input(name + ": no mesh in three.js JSON");
    }
}

}  // namespace quantface
