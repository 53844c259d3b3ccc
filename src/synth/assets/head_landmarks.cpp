#include "synth/assets/head_landmarks.h"

#include "base/error.h"

namespace quantface {

const MorphTarget& needed_target(const HeadAsset& asset, const std::string& target_name,
                                 const std::string& name) {
    const int index = asset.target(target_name);
    if (index < 0) fail_bad_input(name + ": lacks the target " + target_name);
    return asset.targets[static_cast<size_t>(index)];
}

namespace {

// The point that the target moves farthest, at one side of the face (0: anywhere).
uint16_t farthest_moved(const HeadAsset& asset, const std::string& name, const std::string& target_name,
                        float side) {
    const MorphTarget& target = needed_target(asset, target_name, name);
    float best = -1;
    uint16_t point = 0;
    for (size_t i = 0; i < target.points.size(); ++i) {
        if (asset.canonical[target.points[i]].x * side < 0) continue;
        const float square = dot(target.deltas[i], target.deltas[i]);
        if (square > best) {
            best = square;
            point = target.points[i];
        }
    }
    return point;
}

template <typename Score>
uint16_t best_skin_point(const HeadAsset& asset, const Score& score) {
    float best = -1e30f;
    uint16_t point = 0;
    for (size_t i = 0; i < asset.triangles.size(); ++i) {
        if (asset.triangle_parts[i] != HeadPart::kSkin) continue;
        for (const uint16_t corner : asset.triangles[i]) {
            const uint16_t candidate = asset.corner_points[corner];
            const float value = score(asset.canonical[candidate]);
            if (value > best) {
                best = value;
                point = candidate;
            }
        }
    }
    return point;
}

}  // namespace

std::array<uint16_t, kHeadLandmarkCount> find_landmarks(const HeadAsset& asset, const std::string& name) {
    std::array<uint16_t, kHeadLandmarkCount> landmarks{};
    auto set = [&](HeadLandmark landmark, uint16_t point) {
        landmarks[static_cast<size_t>(landmark)] = point;
    };
    set(HeadLandmark::kRightMouthCorner, farthest_moved(asset, name, "mouth/mouth-angles-up", -1));
    set(HeadLandmark::kLeftMouthCorner, farthest_moved(asset, name, "mouth/mouth-angles-up", 1));
    auto eye = [&](const char* side, HeadLandmark inner, HeadLandmark outer) {
        const std::string prefix = std::string("eyes/") + side + "-eye-corner";
        const uint16_t a = farthest_moved(asset, name, prefix + "1-up", 0),
                       b = farthest_moved(asset, name, prefix + "2-up", 0);
        const bool a_inner = std::abs(asset.canonical[a].x) < std::abs(asset.canonical[b].x);
        set(inner, a_inner ? a : b);
        set(outer, a_inner ? b : a);
    };
    eye("r", HeadLandmark::kRightEyeInner, HeadLandmark::kRightEyeOuter);
    eye("l", HeadLandmark::kLeftEyeInner, HeadLandmark::kLeftEyeOuter);
    const float mouth_y = asset.canonical[landmarks[static_cast<size_t>(HeadLandmark::kLeftMouthCorner)]].y;
    auto middle = [](const Vec3& p) { return 20 * std::abs(p.x); };
    set(HeadLandmark::kNoseTip, best_skin_point(asset, [&](const Vec3& p) {
            return p.y > mouth_y && p.y < 0 ? p.z - middle(p) : -1e20f;
        }));
    set(HeadLandmark::kChin, best_skin_point(asset, [&](const Vec3& p) {
            return p.y < mouth_y - 20 && p.y > mouth_y - 60 ? p.z - middle(p) : -1e20f;
        }));
    set(HeadLandmark::kForehead, best_skin_point(asset, [&](const Vec3& p) {
            return p.z > 0 ? -std::abs(p.y - 55) - middle(p) : -1e20f;
        }));
    auto ear = [&](float side) {  // where the arm of glasses rests: the front of the ear's upper root
        return best_skin_point(asset, [&](const Vec3& p) {
            const float away = std::abs(p.y - 2) + std::abs(p.z + 85);
            return p.x * side > 55 ? -away - 0.2f * std::abs(p.x * side - 72) : -1e20f;
        });
    };
    set(HeadLandmark::kRightEar, ear(-1));
    set(HeadLandmark::kLeftEar, ear(1));
    return landmarks;
}

}  // namespace quantface
