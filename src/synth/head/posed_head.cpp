#include "synth/head/posed_head.h"

#include "synth/mesh_normals.h"
#include "synth/noise_tile.h"

namespace quantface {

PosedHead::PosedHead(const HeadModel& model, const HeadIdentity& who, const Expression& expression)
    : model_(model), points_(model.asset().points) {
    for (const MorphWeight& m : who.morphs) morph(m.target, m.weight);
    express(expression, who.origin);
    warp(who.warp, who.warp_seed);
    settle(who);
    normals_ = point_normals(points_, model.point_triangles());
}

void PosedHead::morph(int target, float weight) {
    if (target < 0 || weight == 0) return;
    const MorphTarget& t = model_.asset().targets[static_cast<size_t>(target)];
    for (size_t i = 0; i < t.points.size(); ++i) points_[t.points[i]] += t.deltas[i] * weight;
}

void PosedHead::express(const Expression& e, const Vec3& origin) {
    const std::pair<const char*, float> sets[] = {
        {"african/", origin.x}, {"asian/", origin.y}, {"caucasian/", origin.z}};
    auto unit = [&](const std::string& name, float weight) {
        if (weight < 0.02f) return;
        for (const auto& [set, share] : sets) {
            if (share < 0.05f) continue;
            morph(model_.target("expression/units/" + (set + name)), std::min(weight, 1.3f) * share);
        }
    };
    // A broad smile draws the lips off the teeth; speech opens them the other way.
    const float parted = saturate(e.lips_part / 9), glad = saturate(e.smile);
    unit("mouth-open", e.jaw_drop / 30);
    unit("mouth-corner-puller", e.smile * (1 - 0.35f * parted));
    unit("mouth-upward-retraction", 0.95f * glad * parted);
    unit("mouth-depression-retraction", 0.6f * (1 - glad) * parted);
    unit("mouth-depression", -e.smile);
    unit("mouth-pursing", 0.6f * e.pucker);
    unit("mouth-protusion", 0.4f * e.pucker);
    unit("nose-left-dilatation", 0.4f * e.smile);
    unit("nose-right-dilatation", 0.4f * e.smile);
    unit("nose-compression", 0.5f * e.frown);
    for (const char* side : {"left", "right"}) {
        const std::string brow = std::string("eyebrows-") + side, eye = std::string("eye-") + side;
        const float lid = side[0] == 'l' ? e.lid_left : e.lid_right;
        unit(brow + "-up", e.brow_raise / 5);
        unit(brow + "-down", 0.8f * e.frown - std::min(0.0f, e.brow_raise / 5));
        unit(eye + "-closure", 0.8f * (1 - lid));
        unit(eye + "-opened-up", 1.5f * (lid - 1));
        unit(eye + "-slit", 0.45f * e.smile);
    }
}

void PosedHead::warp(float strength, uint32_t seed) {
    if (strength <= 0) return;
    const std::vector<Vec3>& canonical = model_.asset().canonical;
    const NoiseTile& noise = NoiseTile::instance();
    for (size_t i = 0; i < points_.size(); ++i) {
        const Vec3 p = canonical[i];
        if (p.y < -140) continue;
        // Inner parts must follow the surface before them: wide waves only. Mirrored, but for a slow shear.
        const float side = p.x < 0 ? -1.0f : 1.0f;
        const float x = (std::abs(p.x) + 0.12f * p.x) * (1 / 42.0f),
                    y = p.y * (1 / 42.0f) + p.z * (1 / 110.0f);
        points_[i] += Vec3{side * noise(x, y, seed), noise(x, y, seed + 0x3517), noise(x, y, seed + 0x7129)} *
                      (2 * strength);
    }
}

void PosedHead::settle(const HeadIdentity& who) {
    if (who.eyes >= 0) {
        const Attachment& eyes = model_.asset().attachments[static_cast<size_t>(who.eyes)];
        float counts[2] = {1e-6f, 1e-6f};
        for (const auto& anchors : eyes.anchors) {
            const size_t side = model_.asset().canonical[anchors[0]].x > 0 ? 1 : 0;
            eye_centres_[side] += points_[anchors[0]];
            ++counts[side];
        }
        for (size_t side = 0; side < 2; ++side) eye_centres_[side] = eye_centres_[side] * (1 / counts[side]);
    }
    const Vec3 middle = (eye_centres_[0] + eye_centres_[1]) * 0.5f;
    for (Vec3& p : points_) p = p - middle;
    for (Vec3& c : eye_centres_) c = c - middle;
    const auto& canonical = model_.asset().canonical;
    auto usual = [&](HeadLandmark l) { return canonical[model_.asset().landmarks[static_cast<size_t>(l)]]; };
    auto ratio = [](float now, float then) { return std::clamp(now / then, 0.6f, 1.5f); };
    using enum HeadLandmark;
    scale_.x = ratio(at(kLeftEar).x - at(kRightEar).x, usual(kLeftEar).x - usual(kRightEar).x);
    scale_.y = ratio(at(kForehead).y - at(kChin).y, usual(kForehead).y - usual(kChin).y);
    scale_.z = ratio(at(kForehead).z - at(kLeftEar).z, usual(kForehead).z - usual(kLeftEar).z);
}

Vec3 PosedHead::at(HeadLandmark landmark) const {
    return points_[model_.asset().landmarks[static_cast<size_t>(landmark)]];
}

std::array<Vec3, 5> PosedHead::landmarks() const {
    using enum HeadLandmark;
    auto eye = [&](HeadLandmark inner, HeadLandmark outer, int side) {
        // Midway between the corners, on the eye's surface.
        Vec3 p = (at(inner) + at(outer)) * 0.5f;
        p.z = std::max(p.z, eye_centre(side).z + 11);
        return p;
    };
    return {eye(kRightEyeInner, kRightEyeOuter, 0), eye(kLeftEyeInner, kLeftEyeOuter, 1), at(kNoseTip),
            at(kRightMouthCorner), at(kLeftMouthCorner)};
}

std::vector<Vec3> PosedHead::worn_points(const Attachment& worn, float grow) const {
    std::vector<Vec3> result(worn.anchors.size());
    const Vec3 scale = scale_ * grow;
    for (size_t i = 0; i < result.size(); ++i) {
        const auto& a = worn.anchors[i];
        const Vec3& w = worn.weights[i];
        result[i] = points_[a[0]] * w.x + points_[a[1]] * w.y + points_[a[2]] * w.z + worn.offsets[i] * scale;
    }
    return result;
}

}  // namespace quantface
