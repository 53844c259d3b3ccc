// Everything of a portrait as drawable pieces in the camera's frame.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "synth/alignment_camera.h"
#include "synth/head/head_model.h"
#include "synth/head/posed_head.h"

namespace quantface {

enum class PieceKind : uint8_t {
    kHead,  // skin, mouth, teeth: by the triangle's part
    kEyes,
    kStrands,  // hair, beards, brows, lashes: texture with holes
    kShell,    // a layer over the skin: cropped hair, cloth; holes by coverage
    kCloth,
    kHat,
    kAccessory,  // of the shared wear: by the triangle's Material
};

struct PieceVertex {
    Vec3 position;  // camera's frame, millimetres
    Vec3 normal;    // camera's frame, unit
    Uv uv;
    float coverage = 1;
    uint16_t point = 0;  // of the head, whose canonical place and masks count
};

struct Piece {
    PieceKind kind = PieceKind::kHead;
    std::vector<PieceVertex> vertices;
    std::span<const std::array<uint16_t, 3>> triangles;  // the model's, or own_triangles
    std::vector<std::array<uint16_t, 3>> own_triangles;
    std::span<const HeadPart> parts;  // of kHead, by triangle
    std::vector<Material> materials;  // of kAccessory, by triangle
    const AssetTexture* texture = nullptr;
    bool two_sided = false;
    bool holes = false;
    bool thin = false;   // lies on the skin and casts no shadow
    float opacity = 1;   // factor on the texture's
    float level = 0.1f;  // mean luminance of the texture
    Vec3 colour{0.5f, 0.5f, 0.5f};
    float shell_height = 0;  // 0 to 1 within a stack of shells
};

// view: gaze, wear. The pieces hold pointers into the model.
std::vector<Piece> build_pieces(const HeadModel& model, const HeadIdentity& who, const PosedHead& head,
                                const FaceTraits& face, const ViewTraits& view,
                                const AlignmentCamera& camera);

// The panes of glasses, drawn over the finished picture.
Piece build_lenses(const HeadModel& model, const PosedHead& head, const FaceTraits& face,
                   const AlignmentCamera& camera);

}  // namespace quantface
