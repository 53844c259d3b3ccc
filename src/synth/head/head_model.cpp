#include "synth/head/head_model.h"

#include <map>
#include <mutex>

#include "synth/assets/asset_cache.h"
#include "synth/fast_math.h"

namespace quantface {

namespace {

float mask_of(const HeadAsset& asset, uint16_t point, HeadMask mask) {
    return asset.masks[point][static_cast<size_t>(mask)];
}

SkinMap relative_map(const AssetTexture& texture) {
    SkinMap map;
    map.width = texture.width;
    map.height = texture.height;
    map.texels.resize(static_cast<size_t>(texture.width) * static_cast<size_t>(texture.height));
    std::array<float, 256> logarithm{};
    for (size_t i = 0; i < 256; ++i) logarithm[i] = std::log2(std::max(0.002f, srgb_to_linear()[i]));
    for (size_t i = 0; i < map.texels.size(); ++i) {
        for (size_t k = 0; k < 3; ++k) map.texels[i][k] = logarithm[texture.rgba[4 * i + k]];
    }
    map.female = texture.name.find("female") != std::string::npos;
    map.dark = texture.name.find("dark") != std::string::npos;
    map.age = texture.name.starts_with("old") ? 70.0f : texture.name.starts_with("middle") ? 45.0f : 22.0f;
    return map;
}

}  // namespace

const std::array<float, 256>& srgb_to_linear() {
    static const std::array<float, 256> table = [] {
        std::array<float, 256> values{};
        for (size_t i = 0; i < 256; ++i) {
            const float s = static_cast<float>(i) / 255.0f;
            values[i] = s <= 0.04045f ? s / 12.92f : std::pow((s + 0.055f) / 1.055f, 2.4f);
        }
        return values;
    }();
    return table;
}

Vec3 SkinMap::at(const Uv& uv) const {
    const float x = std::clamp(uv.u, 0.0f, 1.0f) * static_cast<float>(width) - 0.5f;
    const float y = std::clamp(uv.v, 0.0f, 1.0f) * static_cast<float>(height) - 0.5f;
    const int ix = std::clamp(static_cast<int>(x), 0, width - 2);
    const int iy = std::clamp(static_cast<int>(y), 0, height - 2);
    const float fx = saturate(x - static_cast<float>(ix)), fy = saturate(y - static_cast<float>(iy));
    const std::array<float, 4>* row = &texels[static_cast<size_t>(iy * width + ix)];
    const std::array<float, 4>* next = row + width;
    std::array<float, 4> mixed;
    for (size_t k = 0; k < 4; ++k) {
        const float above = row[0][k] + (row[1][k] - row[0][k]) * fx;
        const float below = next[0][k] + (next[1][k] - next[0][k]) * fx;
        mixed[k] = above + (below - above) * fy;
    }
    return {mixed[0], mixed[1], mixed[2]};
}

HeadModel::HeadModel(std::shared_ptr<const HeadAsset> asset) : asset_(std::move(asset)) {
    read_skins();
    group_details();
    measure_textures();
    for (size_t i = 0; i < asset_->targets.size(); ++i)
        targets_.try_emplace(asset_->targets[i].name, static_cast<int>(i));
    for (size_t i = 0; i < kinds_.size(); ++i)
        kinds_[i] = asset_->attachments_of(static_cast<AttachmentKind>(i));
    for (const auto& t : asset_->triangles) {
        point_triangles_.push_back(
            {asset_->corner_points[t[0]], asset_->corner_points[t[1]], asset_->corner_points[t[2]]});
    }
}

void HeadModel::read_skins() {
    for (const uint16_t index : asset_->skins) {
        SkinMap map = relative_map(asset_->textures[index]);
        Vec3 sum;
        float weight = 1e-6f;
        for (size_t i = 0; i < asset_->corner_points.size(); ++i) {
            const float share = mask_of(*asset_, asset_->corner_points[i], HeadMask::kCheeks);
            if (share < 0.5f) continue;
            sum += map.at(asset_->corner_uvs[i]) * share;
            weight += share;
        }
        const Vec3 mean = sum * (1 / weight);
        for (auto& texel : map.texels) texel = {texel[0] - mean.x, texel[1] - mean.y, texel[2] - mean.z, 0};
        skins_.push_back(std::move(map));
    }
}

void HeadModel::group_details() {
    std::map<std::string, DetailGroup> groups;
    for (size_t i = 0; i < asset_->targets.size(); ++i) {
        const std::string& name = asset_->targets[i].name;
        if (name.starts_with("macrodetails/") || name.starts_with("expression/")) continue;
        if (name.find("head-age") != std::string::npos) continue;  // the age is of the whole, not a detail
        const size_t base = name.find('/') + 1;
        const bool left = name.compare(base, 2, "l-") == 0, right = name.compare(base, 2, "r-") == 0;
        std::string stem = name.substr(0, name.rfind('-'));
        if (left || right) stem.erase(base, 2);
        // Whole shapes of the head exclude each other.
        if (name.starts_with("head/") && stem == "head/head") stem = "head/head-form";
        DetailGroup& group = groups[stem];
        group.name = stem;
        (right ? group.mates : group.targets).push_back(static_cast<int>(i));
    }
    for (auto& [stem, group] : groups) {
        if (group.mates.size() != group.targets.size()) group.mates.clear();
        (stem.starts_with("asym/") ? asymmetries_ : details_).push_back(std::move(group));
    }
}

void HeadModel::measure_textures() {
    for (const AssetTexture& texture : asset_->textures) {
        double sum = 0, weight = 1e-6;
        for (size_t i = 0; i < texture.rgba.size(); i += 4) {
            const uint8_t* p = &texture.rgba[i];
            const Vec3 c{srgb_to_linear()[p[0]], srgb_to_linear()[p[1]], srgb_to_linear()[p[2]]};
            sum += static_cast<double>(luminance(c)) * p[3];
            weight += p[3];
        }
        levels_.push_back(std::max(0.002f, static_cast<float>(sum / weight)));
    }
}

std::shared_ptr<const HeadModel> installed_head_model() {
    static std::mutex mutex;
    static std::shared_ptr<const HeadModel> model;
    const std::lock_guard lock(mutex);
    if (model == nullptr) {
        if (const auto asset = cached_head_asset()) model = std::make_shared<HeadModel>(asset);
    }
    return model;
}

}  // namespace quantface
