// The head asset with what rendering needs of it worked out once: skins as relief of colour, groups of shape
// targets, kinds of attachments.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "synth/assets/head_asset.h"

namespace quantface {

// A skin's colour relative to its cheeks: base-2 logarithms of linear light, so that detail and pigment add.
struct SkinMap {
    int width = 0, height = 0;
    std::vector<std::array<float, 4>> texels;  // red, green, blue; the fourth is 0
    bool female = false, dark = false;
    float age = 25;  // years

    // u, v in [0, 1], clamped, bilinear.
    Vec3 at(const Uv& uv) const;
};

// Targets of which at most one applies at a time: "nose-hump-lesshump" and "nose-hump-morehump". Where the
// face has the part twice, the right side's are mates of the left side's.
struct DetailGroup {
    std::string name;
    std::vector<int> targets;
    std::vector<int> mates;  // as many, or none
};

class HeadModel {
  public:
    explicit HeadModel(std::shared_ptr<const HeadAsset> asset);

    const HeadAsset& asset() const { return *asset_; }
    const std::vector<SkinMap>& skins() const { return skins_; }
    const std::vector<DetailGroup>& details() const { return details_; }
    const std::vector<DetailGroup>& asymmetries() const { return asymmetries_; }
    const std::vector<int>& attachments(AttachmentKind kind) const {
        return kinds_[static_cast<size_t>(kind)];
    }
    // Of each texture: mean linear luminance where it is opaque.
    float texture_level(size_t texture) const { return levels_[texture]; }
    // Triangles over points, for normals.
    const std::vector<std::array<uint16_t, 3>>& point_triangles() const { return point_triangles_; }
    // -1: no such.
    int target(const std::string& name) const {
        const auto found = targets_.find(name);
        return found == targets_.end() ? -1 : found->second;
    }

  private:
    void read_skins();
    void group_details();
    void measure_textures();

    std::shared_ptr<const HeadAsset> asset_;
    std::vector<SkinMap> skins_;
    std::vector<DetailGroup> details_, asymmetries_;
    std::array<std::vector<int>, 7> kinds_;
    std::vector<float> levels_;
    std::unordered_map<std::string, int> targets_;  // by name: faces ask for dozens each
    std::vector<std::array<uint16_t, 3>> point_triangles_;
};

// Linear light of an sRGB byte.
const std::array<float, 256>& srgb_to_linear();

// The model of the asset in the user's cache, made once; null where there is none. Thread-safe.
std::shared_ptr<const HeadModel> installed_head_model();

}  // namespace quantface
