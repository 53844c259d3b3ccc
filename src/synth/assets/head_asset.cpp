#include "synth/assets/head_asset.h"

#include <flatbuffers/flatbuffers.h>

#include "base/error.h"
#include "faces/image.h"
#include "head_asset_generated.h"

namespace quantface {

namespace {

namespace fb = assets;

constexpr float kDeltaUnit = 0.1f;  // millimetres

class Reader {
  public:
    explicit Reader(std::string name) : name_(std::move(name)) {}

    void require(bool condition) const {
        if (!condition)
            fail_bad_input(name_ + ": damaged head asset; run `quantface assets --from PACKAGE` again");
    }

    std::vector<Vec3> vectors(const flatbuffers::Vector<float>* numbers) const {
        require(numbers != nullptr && numbers->size() % 3 == 0);
        std::vector<Vec3> result(numbers->size() / 3);
        for (uint32_t i = 0; i < result.size(); ++i) {
            result[i] = {numbers->Get(3 * i), numbers->Get(3 * i + 1), numbers->Get(3 * i + 2)};
            require(std::abs(result[i].x) < 1e4f && std::abs(result[i].y) < 1e4f &&
                    std::abs(result[i].z) < 1e4f);
        }
        return result;
    }

    std::vector<uint16_t> indices(const flatbuffers::Vector<uint16_t>* numbers, size_t bound) const {
        if (numbers == nullptr) return {};  // how an empty list is stored
        std::vector<uint16_t> result(numbers->begin(), numbers->end());
        for (const uint16_t index : result) require(index < bound);
        return result;
    }

    std::vector<std::array<uint16_t, 3>> triples(const flatbuffers::Vector<uint16_t>* numbers,
                                                 size_t bound) const {
        const std::vector<uint16_t> flat = indices(numbers, bound);
        require(flat.size() % 3 == 0);
        std::vector<std::array<uint16_t, 3>> result(flat.size() / 3);
        for (size_t i = 0; i < result.size(); ++i)
            result[i] = {flat[3 * i], flat[3 * i + 1], flat[3 * i + 2]};
        return result;
    }

    std::vector<Uv> uvs(const flatbuffers::Vector<float>* numbers, size_t count) const {
        require(numbers != nullptr && numbers->size() == 2 * count);
        std::vector<Uv> result(count);
        for (uint32_t i = 0; i < count; ++i) {
            result[i] = {numbers->Get(2 * i), numbers->Get(2 * i + 1)};
            require(std::abs(result[i].u) < 100 && std::abs(result[i].v) < 100);
        }
        return result;
    }

    std::string text(const flatbuffers::String* string) const {
        return string == nullptr ? std::string() : string->str();
    }

    MorphTarget target(const fb::Target& stored, size_t points) const {
        MorphTarget target{text(stored.name()), indices(stored.point(), points), {}};
        require((stored.delta() == nullptr ? 0 : stored.delta()->size()) == 3 * target.points.size());
        for (uint32_t i = 0; i < target.points.size(); ++i) {
            const auto axis = [&](uint32_t k) {
                return kDeltaUnit * static_cast<float>(stored.delta()->Get(3 * i + k));
            };
            target.deltas.push_back({axis(0), axis(1), axis(2)});
        }
        return target;
    }

    AssetTexture texture(const fb::Texture& stored) const {
        AssetTexture texture;
        texture.name = text(stored.name());
        require(stored.colour() != nullptr);
        const Image colour = decode_image({stored.colour()->data(), stored.colour()->size()}, name_);
        texture.width = colour.width;
        texture.height = colour.height;
        require(texture.width > 0 && texture.height > 0 && texture.width <= 4096 && texture.height <= 4096);
        const auto count = static_cast<size_t>(colour.width) * static_cast<size_t>(colour.height);
        texture.rgba.assign(4 * count, 255);
        for (size_t i = 0; i < count; ++i) {
            for (size_t k = 0; k < 3; ++k) texture.rgba[4 * i + k] = colour.rgb[3 * i + k];
        }
        if (stored.opacity() != nullptr && stored.opacity()->size() > 0) {
            const Image opacity = decode_image({stored.opacity()->data(), stored.opacity()->size()}, name_);
            require(opacity.width == colour.width && opacity.height == colour.height);
            for (size_t i = 0; i < count; ++i) texture.rgba[4 * i + 3] = opacity.rgb[3 * i];
        }
        return texture;
    }

    Attachment attachment(const fb::Attachment& stored, size_t points, size_t textures) const {
        Attachment a;
        a.name = text(stored.name());
        require(stored.kind() <= static_cast<uint8_t>(AttachmentKind::kHat));
        a.kind = static_cast<AttachmentKind>(stored.kind());
        a.anchors = triples(stored.anchor(), points);
        a.weights = vectors(stored.weight());
        a.offsets = vectors(stored.offset());
        require(a.weights.size() == a.anchors.size() && a.offsets.size() == a.anchors.size());
        a.corner_points = indices(stored.corner_point(), a.anchors.size());
        a.corner_uvs = uvs(stored.corner_uv(), a.corner_points.size());
        a.triangles = triples(stored.triangle(), a.corner_points.size());
        a.textures = indices(stored.texture(), textures);
        require(!a.textures.empty());
        return a;
    }

  private:
    std::string name_;
};

std::vector<float> flat(const std::vector<Vec3>& vectors) {
    std::vector<float> numbers;
    for (const Vec3& v : vectors) numbers.insert(numbers.end(), {v.x, v.y, v.z});
    return numbers;
}

std::vector<float> flat(const std::vector<Uv>& uvs) {
    std::vector<float> numbers;
    for (const Uv& uv : uvs) numbers.insert(numbers.end(), {uv.u, uv.v});
    return numbers;
}

std::vector<uint16_t> flat(const std::vector<std::array<uint16_t, 3>>& triples) {
    std::vector<uint16_t> numbers;
    for (const auto& t : triples) numbers.insert(numbers.end(), t.begin(), t.end());
    return numbers;
}

std::unique_ptr<fb::TargetT> stored(const MorphTarget& target) {
    auto result = std::make_unique<fb::TargetT>();
    result->name = target.name;
    result->point = target.points;
    for (const Vec3& d : target.deltas) {
        for (const float axis : {d.x, d.y, d.z})
            result->delta.push_back(static_cast<int16_t>(std::lround(axis / kDeltaUnit)));
    }
    return result;
}

std::unique_ptr<fb::AttachmentT> stored(const Attachment& a) {
    auto result = std::make_unique<fb::AttachmentT>();
    result->name = a.name;
    result->kind = static_cast<uint8_t>(a.kind);
    result->anchor = flat(a.anchors);
    result->weight = flat(a.weights);
    result->offset = flat(a.offsets);
    result->corner_point = a.corner_points;
    result->corner_uv = flat(a.corner_uvs);
    result->triangle = flat(a.triangles);
    result->texture = a.textures;
    return result;
}

std::unique_ptr<fb::TextureT> stored(const AssetTexture& texture) {
    auto result = std::make_unique<fb::TextureT>();
    result->name = texture.name;
    Image colour{texture.height, texture.width, {}}, opacity{texture.height, texture.width, {}};
    bool opaque = true;
    for (size_t i = 0; i < texture.rgba.size(); i += 4) {
        const uint8_t* p = &texture.rgba[i];
        colour.rgb.insert(colour.rgb.end(), p, p + 3);
        opacity.rgb.insert(opacity.rgb.end(), 3, p[3]);
        opaque = opaque && p[3] == 255;
    }
    result->colour = encode_png(colour);
    if (!opaque) result->opacity = encode_png(opacity);
    return result;
}

}  // namespace

int HeadAsset::target(std::string_view name) const {
    for (size_t i = 0; i < targets.size(); ++i) {
        if (targets[i].name == name) return static_cast<int>(i);
    }
    return -1;
}

std::vector<int> HeadAsset::attachments_of(AttachmentKind kind) const {
    std::vector<int> result;
    for (size_t i = 0; i < attachments.size(); ++i) {
        if (attachments[i].kind == kind) result.push_back(static_cast<int>(i));
    }
    return result;
}

std::shared_ptr<const HeadAsset> read_head_asset(std::span<const uint8_t> bytes, const std::string& name) {
    const Reader reader(name);
    flatbuffers::Verifier verifier(bytes.data(), bytes.size());
    reader.require(bytes.size() >= 8 && fb::HeadBufferHasIdentifier(bytes.data()) &&
                   fb::VerifyHeadBuffer(verifier));
    const fb::Head& head = *fb::GetHead(bytes.data());
    if (head.version() != kHeadAssetVersion) {
        fail_bad_input(name + ": head asset of version " + std::to_string(head.version()) +
                       ", this program reads " + std::to_string(kHeadAssetVersion) +
                       "; run `quantface assets` again");
    }
    auto asset = std::make_shared<HeadAsset>();
    asset->points = reader.vectors(head.point());
    const size_t points = asset->points.size();
    reader.require(points > 0 && points < 65536);
    asset->canonical = reader.vectors(head.canonical());
    reader.require(asset->canonical.size() == points && head.openness() != nullptr &&
                   head.openness()->size() == points && head.mask() != nullptr &&
                   head.mask()->size() == points * kMaskCount);
    asset->masks.resize(points);
    for (uint32_t i = 0; i < points; ++i) {
        asset->openness.push_back(static_cast<float>(head.openness()->Get(i)) / 255.0f);
        for (uint32_t k = 0; k < kMaskCount; ++k)
            asset->masks[i][k] =
                static_cast<float>(head.mask()->Get(i * static_cast<uint32_t>(kMaskCount) + k)) / 255.0f;
    }
    asset->corner_points = reader.indices(head.corner_point(), points);
    asset->corner_uvs = reader.uvs(head.corner_uv(), asset->corner_points.size());
    asset->triangles = reader.triples(head.triangle(), asset->corner_points.size());
    reader.require(head.triangle_part() != nullptr &&
                   head.triangle_part()->size() == asset->triangles.size());
    for (const uint8_t part : *head.triangle_part()) {
        reader.require(part <= static_cast<uint8_t>(HeadPart::kShoulders));
        asset->triangle_parts.push_back(static_cast<HeadPart>(part));
    }
    const std::vector<uint16_t> landmarks = reader.indices(head.landmark(), points);
    reader.require(landmarks.size() == kHeadLandmarkCount);
    std::copy(landmarks.begin(), landmarks.end(), asset->landmarks.begin());
    reader.require(head.target() != nullptr && head.attachment() != nullptr && head.texture() != nullptr);
    for (const fb::Target* target : *head.target()) asset->targets.push_back(reader.target(*target, points));
    for (const fb::Texture* texture : *head.texture()) asset->textures.push_back(reader.texture(*texture));
    for (const fb::Attachment* attachment : *head.attachment())
        asset->attachments.push_back(reader.attachment(*attachment, points, asset->textures.size()));
    asset->skins = reader.indices(head.skin(), asset->textures.size());
    reader.require(!asset->skins.empty());
    return asset;
}

std::vector<uint8_t> write_head_asset(const HeadAsset& asset) {
    fb::HeadT head;
    head.version = kHeadAssetVersion;
    head.point = flat(asset.points);
    head.canonical = flat(asset.canonical);
    for (const float openness : asset.openness)
        head.openness.push_back(static_cast<uint8_t>(255 * saturate(openness) + 0.5f));
    for (const auto& masks : asset.masks) {
        for (const float mask : masks) head.mask.push_back(static_cast<uint8_t>(255 * saturate(mask) + 0.5f));
    }
    head.corner_point = asset.corner_points;
    head.corner_uv = flat(asset.corner_uvs);
    head.triangle = flat(asset.triangles);
    for (const HeadPart part : asset.triangle_parts) head.triangle_part.push_back(static_cast<uint8_t>(part));
    head.landmark.assign(asset.landmarks.begin(), asset.landmarks.end());
    for (const MorphTarget& target : asset.targets) head.target.push_back(stored(target));
    for (const Attachment& attachment : asset.attachments) head.attachment.push_back(stored(attachment));
    for (const AssetTexture& texture : asset.textures) head.texture.push_back(stored(texture));
    head.skin = asset.skins;
    flatbuffers::FlatBufferBuilder builder(16 << 20);
    builder.Finish(fb::Head::Pack(builder, &head), fb::HeadIdentifier());
    return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace quantface
