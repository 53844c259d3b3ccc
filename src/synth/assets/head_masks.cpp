#include "synth/assets/head_masks.h"

#include "synth/assets/head_landmarks.h"

namespace quantface {

namespace {

void paint_by_movement(const HeadAsset& asset, const std::string& name, HeadMask mask,
                       const std::vector<std::string>& target_names, HeadMasks& masks) {
    std::vector<float> moved(asset.points.size(), 0.0f);
    for (const std::string& target_name : target_names) {
        const MorphTarget& target = needed_target(asset, target_name, name);
        float most = 1e-6f;
        for (const Vec3& d : target.deltas) most = std::max(most, std::sqrt(dot(d, d)));
        for (size_t i = 0; i < target.points.size(); ++i) {
            const float share = std::sqrt(dot(target.deltas[i], target.deltas[i])) / most;
            moved[target.points[i]] = std::max(moved[target.points[i]], share);
        }
    }
    for (size_t i = 0; i < moved.size(); ++i)
        masks[i][static_cast<size_t>(mask)] = smooth_step(0.08f, 0.6f, moved[i]);
}

// 1 within `full` millimetres of where the named piece is rooted, 0 past `none`.
void paint_near(const HeadAsset& asset, HeadMask mask, const std::string& attachment_name, float full,
                float none, HeadMasks& masks) {
    for (const Attachment& a : asset.attachments) {
        if (a.name != attachment_name) continue;
        std::vector<Vec3> roots;
        for (size_t i = 0; i < a.anchors.size(); ++i) {
            const auto& at = a.anchors[i];
            roots.push_back(asset.canonical[at[0]] * a.weights[i].x +
                            asset.canonical[at[1]] * a.weights[i].y +
                            asset.canonical[at[2]] * a.weights[i].z);
        }
        for (size_t i = 0; i < asset.canonical.size(); ++i) {
            // The farther of the point and its mirror image: the mask is the same on both sides.
            const Vec3 p = asset.canonical[i], mirrored{-p.x, p.y, p.z};
            float nearest = 1e30f, nearest_mirrored = 1e30f;
            for (const Vec3& root : roots) {
                const Vec3 d = p - root, m = mirrored - root;
                nearest = std::min(nearest, dot(d, d));
                nearest_mirrored = std::min(nearest_mirrored, dot(m, m));
            }
            masks[i][static_cast<size_t>(mask)] =
                smooth_step(none, full, std::sqrt(std::max(nearest, nearest_mirrored)));
        }
    }
}

// For each point the one nearest to its mirror image.
std::vector<uint16_t> mirror_points(const HeadAsset& asset) {
    std::vector<uint16_t> mirror(asset.canonical.size());
    for (size_t i = 0; i < mirror.size(); ++i) {
        const Vec3 p = asset.canonical[i], wanted{-p.x, p.y, p.z};
        float nearest = 1e30f;
        for (size_t k = 0; k < mirror.size(); ++k) {
            const Vec3 d = asset.canonical[k] - wanted;
            if (dot(d, d) < nearest) {
                nearest = dot(d, d);
                mirror[i] = static_cast<uint16_t>(k);
            }
        }
    }
    return mirror;
}

// Where the dark skins have hair painted on, away from the brows; the same on both sides.
void paint_scalp(const HeadAsset& asset, HeadMasks& masks) {
    std::vector<float> depth(asset.points.size(), 0.0f), count(asset.points.size(), 1e-6f);
    for (const uint16_t index : asset.skins) {
        const AssetTexture& skin = asset.textures[index];
        if (skin.name.find("dark") == std::string::npos) continue;
        for (size_t i = 0; i < asset.corner_points.size(); ++i) {
            const Uv uv = asset.corner_uvs[i];
            if (uv.u < 0 || uv.u > 1 || uv.v < 0 || uv.v > 1) continue;
            const auto x = static_cast<size_t>(uv.u * static_cast<float>(skin.width - 1));
            const auto y = static_cast<size_t>(uv.v * static_cast<float>(skin.height - 1));
            const uint8_t* p = &skin.rgba[4 * (y * static_cast<size_t>(skin.width) + x)];
            const uint16_t point = asset.corner_points[i];
            depth[point] += smooth_step(85, 40, static_cast<float>(p[0]));
            count[point] += 1;
        }
    }
    for (size_t i = 0; i < depth.size(); ++i) {
        const Vec3& c = asset.canonical[i];
        const bool face = c.z > 0 && c.y < 34;
        depth[i] = face || c.y < -75 ? 0.0f : depth[i] / count[i];
    }
    const std::vector<uint16_t> mirror = mirror_points(asset);
    for (size_t i = 0; i < depth.size(); ++i) {
        masks[i][static_cast<size_t>(HeadMask::kScalp)] = 0.5f * (depth[i] + depth[mirror[i]]);
    }
}

}  // namespace

HeadMasks paint_masks(const HeadAsset& asset, const std::string& name) {
    HeadMasks masks(asset.points.size());
    paint_by_movement(asset, name, HeadMask::kUpperLip, {"mouth/mouth-upperlip-volume-inflate"}, masks);
    paint_by_movement(asset, name, HeadMask::kLowerLip, {"mouth/mouth-lowerlip-volume-inflate"}, masks);
    paint_by_movement(
        asset, name, HeadMask::kLids,
        {"expression/units/caucasian/eye-left-closure", "expression/units/caucasian/eye-right-closure"},
        masks);
    paint_by_movement(asset, name, HeadMask::kCheeks,
                      {"cheek/l-cheek-volume-inflate", "cheek/r-cheek-volume-inflate"}, masks);
    paint_near(asset, HeadMask::kBeard, "Full_beard", 5, 14, masks);
    paint_near(asset, HeadMask::kMoustache, "Moustache", 2, 7, masks);
    paint_scalp(asset, masks);
    return masks;
}

}  // namespace quantface
