// The head model that the renderer draws from: a morphable mesh, what is worn on it, and textures. Baked once
// from MakeHuman's core data (makehuman_bake.h) and kept in the user's cache.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "synth/vec.h"

namespace quantface {

inline constexpr uint32_t kHeadAssetVersion = 1;

enum class HeadPart : uint8_t { kSkin, kSocket, kMouth, kTeeth, kTongue, kShoulders };

enum class AttachmentKind : uint8_t { kEyes, kLashes, kBrows, kHair, kBeard, kMoustache, kHat };

// Smooth masks over the head's points.
enum class HeadMask : uint8_t { kUpperLip, kLowerLip, kLids, kCheeks, kBeard, kMoustache, kScalp };
inline constexpr size_t kMaskCount = 7;

enum class HeadLandmark : uint8_t {
    kRightEyeOuter,
    kRightEyeInner,
    kLeftEyeInner,
    kLeftEyeOuter,
    kNoseTip,
    kRightMouthCorner,
    kLeftMouthCorner,
    kChin,
    kRightEar,
    kLeftEar,
    kForehead,
};
inline constexpr size_t kHeadLandmarkCount = 11;

struct Uv {
    float u = 0, v = 0;  // 0 to 1 over the texture, v downward
};

struct MorphTarget {
    std::string name;
    std::vector<uint16_t> points;
    std::vector<Vec3> deltas;  // millimetres
};

struct AssetTexture {
    std::string name;
    int width = 0, height = 0;
    std::vector<uint8_t> rgba;  // sRGB as stored, and opacity
};

struct Attachment {
    std::string name;
    AttachmentKind kind = AttachmentKind::kHair;
    std::vector<std::array<uint16_t, 3>> anchors;
    std::vector<Vec3> weights, offsets;
    std::vector<uint16_t> corner_points;
    std::vector<Uv> corner_uvs;
    std::vector<std::array<uint16_t, 3>> triangles;
    std::vector<uint16_t> textures;
};

struct HeadAsset {
    std::vector<Vec3> points, canonical;
    std::vector<float> openness;
    std::vector<std::array<float, kMaskCount>> masks;  // 0 to 1
    std::vector<uint16_t> corner_points;
    std::vector<Uv> corner_uvs;
    std::vector<std::array<uint16_t, 3>> triangles;
    std::vector<HeadPart> triangle_parts;
    std::array<uint16_t, kHeadLandmarkCount> landmarks{};
    std::vector<MorphTarget> targets;
    std::vector<Attachment> attachments;
    std::vector<AssetTexture> textures;
    std::vector<uint16_t> skins;

    // Index of a target; -1: no such.
    int target(std::string_view name) const;
    std::vector<int> attachments_of(AttachmentKind kind) const;
};

// Throws Error(kBadInput) where the bytes are no head asset of this version, or point outside themselves.
std::shared_ptr<const HeadAsset> read_head_asset(std::span<const uint8_t> bytes, const std::string& name);
std::vector<uint8_t> write_head_asset(const HeadAsset& asset);

}  // namespace quantface
