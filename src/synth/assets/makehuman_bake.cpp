#include "synth/assets/makehuman_bake.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "faces/image.h"
#include "synth/assets/head_landmarks.h"
#include "synth/assets/head_masks.h"
#include "synth/assets/package_archive.h"
#include "synth/assets/point_visibility.h"
#include "synth/assets/threejs_mesh.h"
#include "synth/mesh_normals.h"

namespace quantface {

namespace {

constexpr float kMillimetres = 100;  // of the files' unit
constexpr float kCutHeight = 5.6f;   // what of the body is kept lies above, in the files' unit
// Skins are 512 x 512 for the whole body; the head's part begins at this column.
constexpr int kSkinSize = 512, kSkinColumn = 320;

constexpr const char* kRoot = "package/";
constexpr const char* kBaseMesh = "package/public/data/models/human_full_size.json";
constexpr const char* kTargetList = "package/src/json/targets/target-list.json";
constexpr const char* kTargetData = "package/public/data/targets/targets.bin";

struct Worn {
    const char* folder;
    const char* name;
    AttachmentKind kind;
};

// What MakeHuman's own team made; what others contributed under licences that ask for their names is left
// out.
constexpr Worn kWorn[] = {
    {"eyes", "Low-Poly", AttachmentKind::kEyes},
    {"eyelashes", "Eyelashes01", AttachmentKind::kLashes},
    {"eyelashes", "eyelashes02", AttachmentKind::kLashes},
    {"eyelashes", "eyelashes03", AttachmentKind::kLashes},
    {"eyelashes", "eyelashes04", AttachmentKind::kLashes},
    {"eyebrows", "eyebrow001", AttachmentKind::kBrows},
    {"eyebrows", "eyebrow002", AttachmentKind::kBrows},
    {"eyebrows", "eyebrow003", AttachmentKind::kBrows},
    {"eyebrows", "eyebrow004", AttachmentKind::kBrows},
    {"eyebrows", "eyebrow005", AttachmentKind::kBrows},
    {"eyebrows", "eyebrow006", AttachmentKind::kBrows},
    {"eyebrows", "eyebrow007", AttachmentKind::kBrows},
    {"eyebrows", "eyebrow008", AttachmentKind::kBrows},
    {"eyebrows", "eyebrow009", AttachmentKind::kBrows},
    {"eyebrows", "eyebrow010", AttachmentKind::kBrows},
    {"eyebrows", "eyebrow011", AttachmentKind::kBrows},
    {"eyebrows", "eyebrow012", AttachmentKind::kBrows},
    {"hair", "short01", AttachmentKind::kHair},
    {"hair", "short02", AttachmentKind::kHair},
    {"hair", "short03", AttachmentKind::kHair},
    {"hair", "short04", AttachmentKind::kHair},
    {"hair", "afro01", AttachmentKind::kHair},
    {"hair", "bob01", AttachmentKind::kHair},
    {"hair", "bob02", AttachmentKind::kHair},
    {"hair", "Braid01", AttachmentKind::kHair},
    {"hair", "curly", AttachmentKind::kHair},
    {"hair", "curly2", AttachmentKind::kHair},
    {"hair", "Harvey_Hawk1", AttachmentKind::kHair},
    {"hair", "junglebookhair", AttachmentKind::kHair},
    {"hair", "long01", AttachmentKind::kHair},
    {"hair", "long_alpha7", AttachmentKind::kHair},
    {"hair", "long2_alpha7", AttachmentKind::kHair},
    {"hair", "minoan", AttachmentKind::kHair},
    {"hair", "ponytail01", AttachmentKind::kHair},
    {"hair", "Wig_bun_blonde", AttachmentKind::kHair},
    {"hair", "Full_beard", AttachmentKind::kBeard},
    {"hair", "Moustache", AttachmentKind::kMoustache},
    {"clothes", "fedora", AttachmentKind::kHat},
};

const char* kTargetFolders[] = {"asym/",     "cheek/", "chin/",     "ears/", "expression/units/",
                                "eyebrows/", "eyes/",  "forehead/", "head/", "mouth/",
                                "neck/",     "nose/"};

bool starts_with_any(const std::string& text, std::span<const char* const> prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(), [&](const char* p) { return text.starts_with(p); });
}

// A target's name without folder "data/targets/" and ending, where the head needs it; else empty.
std::string head_target_name(const std::string& path) {
    const std::string prefix = "data/targets/", ending = ".target";
    if (!path.starts_with(prefix) || !path.ends_with(ending)) return {};
    const std::string name = path.substr(prefix.size(), path.size() - prefix.size() - ending.size());
    const bool macro = name.starts_with("macrodetails/") && name.find('/', 13) == std::string::npos;
    if (!macro && !starts_with_any(name, kTargetFolders)) return {};
    if (name.find("breast") != std::string::npos || name.find("trunk") != std::string::npos) return {};
    return name.find("head-trans") != std::string::npos ? std::string() : name;
}

class Bake {
  public:
    Bake(std::map<std::string, std::vector<uint8_t>> files, std::string name)
        : files_(std::move(files)), name_(std::move(name)) {}

    HeadAsset run(Progress& progress) {
        body_ = read_threejs_mesh(file(kBaseMesh), name_);
        if (body_.points.size() >= 65536) fail_bad_input(name_ + ": the body has too many points");
        select_faces();
        for (const Worn& worn : kWorn) {
            worn_.push_back(
                read_threejs_mesh(file(worn_path(worn, std::string(worn.name) + ".json")), name_));
            for (const auto& anchors : worn_.back().anchors) {
                for (const int anchor : anchors) keep(anchor);
            }
            check_stop(progress);
        }
        read_targets();
        place_points();
        add_head_triangles();
        for (size_t i = 0; i < worn_.size(); ++i) add_worn(kWorn[i], worn_[i]);
        add_skins();
        asset_.landmarks = find_landmarks(asset_, name_);
        asset_.masks = paint_masks(asset_, name_);
        check_stop(progress);
        measure_openness();
        return std::move(asset_);
    }

  private:
    static void check_stop(const Progress& progress) {
        if (progress.stop_requested()) fail_work("interrupted");
    }

    const std::vector<uint8_t>& file(const std::string& path) const {
        const auto found = files_.find(path);
        if (found == files_.end())
            fail_bad_input(name_ + ": lacks " + path.substr(std::string(kRoot).size()));
        return found->second;
    }

    static std::string worn_path(const Worn& worn, const std::string& file_name) {
        return std::string("package/public/data/proxies/") + worn.folder + "/" + worn.name + "/" + file_name;
    }

    void keep(int point) {
        if (point < 0 || static_cast<size_t>(point) >= body_.points.size())
            fail_bad_input(name_ + ": an anchor lies outside the body");
        if (new_index_.empty()) new_index_.assign(body_.points.size(), -1);
        int& index = new_index_[static_cast<size_t>(point)];
        if (index >= 0) return;
        index = static_cast<int>(kept_.size());
        kept_.push_back(point);
    }

    void select_faces() {
        for (const ThreejsFace& face : body_.faces) {
            if (static_cast<size_t>(face.material) >= body_.materials.size()) continue;
            const std::string& group = body_.materials[static_cast<size_t>(face.material)];
            const bool teeth = group == "helper-upper-teeth" || group == "helper-lower-teeth";
            if (group != "body" && group != "helper-tongue" && !teeth) continue;
            const auto count = static_cast<size_t>(face.corners);
            bool above = true;
            for (size_t i = 0; i < count; ++i)
                above = above && body_.points[static_cast<size_t>(face.points[i])].y > kCutHeight;
            if (!above) continue;
            Uv mean;
            for (size_t i = 0; i < count; ++i) {
                keep(face.points[i]);
                const Uv& uv = body_.uvs[static_cast<size_t>(face.uvs[i])];
                mean = {mean.u + uv.u / static_cast<float>(count), mean.v + uv.v / static_cast<float>(count)};
            }
            // The skins' layout: face at the right, below it the mouth's inside, eye sockets at the left
            // edge.
            HeadPart part = HeadPart::kSkin;
            if (teeth)
                part = HeadPart::kTeeth;
            else if (group == "helper-tongue")
                part = HeadPart::kTongue;
            else if (mean.u < 0.2f)
                part = HeadPart::kSocket;
            else if (mean.u < static_cast<float>(kSkinColumn) / kSkinSize)
                part = HeadPart::kShoulders;
            else if (mean.v > 0.84f && mean.u < 0.93f)
                part = HeadPart::kMouth;
            faces_.push_back({face, part});
        }
    }

    void read_targets() {
        nlohmann::json list;
        try {
            const std::vector<uint8_t>& text = file(kTargetList);
            list = nlohmann::json::parse(text.begin(), text.end()).at("targets");
        } catch (const nlohmann::json::exception&) {
            fail_bad_input(name_ + ": the list of targets cannot be read");
        }
        const std::vector<uint8_t>& data = file(kTargetData);
        const size_t values = 3 * body_.points.size();
        if (data.size() != list.size() * values * 2)
            fail_bad_input(name_ + ": targets and their list disagree");
        size_t row = 0;
        for (const auto& entry : list.items()) {  // in the order of their paths, as in the data
            const uint8_t* numbers = data.data() + 2 * values * row++;
            const std::string name = head_target_name(entry.key());
            if (name.empty()) continue;
            MorphTarget target{name, {}, {}};
            for (size_t i = 0; i < kept_.size(); ++i) {
                auto axis = [&](size_t k) {  // thousandths of the files' unit
                    const uint8_t* p = numbers + 2 * (3 * static_cast<size_t>(kept_[i]) + k);
                    return 0.001f * kMillimetres * static_cast<int16_t>(p[0] | p[1] << 8);
                };
                const Vec3 delta{axis(0), axis(1), axis(2)};
                if (dot(delta, delta) == 0) continue;
                target.points.push_back(static_cast<uint16_t>(i));
                target.deltas.push_back(delta);
            }
            asset_.targets.push_back(std::move(target));  // some move no point of the head
        }
    }

    void add_average(std::vector<Vec3>& points) const {
        auto add = [&](const std::string& name, float weight) {
            const int index = asset_.target("macrodetails/" + name);
            if (index < 0) fail_bad_input(name_ + ": lacks the target " + name);
            const MorphTarget& target = asset_.targets[static_cast<size_t>(index)];
            for (size_t i = 0; i < target.points.size(); ++i)
                points[target.points[i]] += target.deltas[i] * weight;
        };
        for (const char* sex : {"female", "male"}) {
            for (const char* origin : {"african", "asian", "caucasian"})
                add(std::string(origin) + "-" + sex + "-young", 1.0f / 6);
            add(std::string("universal-") + sex + "-young-averagemuscle-averageweight", 0.5f);
        }
    }

    void place_points() {
        if (kept_.size() >= 65536) fail_bad_input(name_ + ": the head has too many points");
        for (const int point : kept_)
            asset_.points.push_back(body_.points[static_cast<size_t>(point)] * kMillimetres);
        asset_.canonical = asset_.points;
        add_average(asset_.canonical);
        // The eyeballs hang on helper points: their means are the eyes' centres.
        Vec3 sums[2];
        float counts[2] = {0, 0};
        for (const auto& anchors : worn_[0].anchors) {
            for (const int anchor : anchors) {
                const Vec3& p =
                    asset_.canonical[static_cast<size_t>(new_index_[static_cast<size_t>(anchor)])];
                const size_t side = p.x > 0 ? 1 : 0;
                sums[side] += p;
                ++counts[side];
            }
        }
        if (counts[0] == 0 || counts[1] == 0) fail_bad_input(name_ + ": the eyes lie on one side");
        const Vec3 middle = sums[0] * (0.5f / counts[0]) + sums[1] * (0.5f / counts[1]);
        for (Vec3& p : asset_.canonical) p = p - middle;
        for (Vec3& p : asset_.points) p = p - middle;
    }

    void add_head_triangles() {
        std::map<std::pair<int, int>, uint16_t> corners;
        for (const auto& [face, part] : faces_) {
            std::array<uint16_t, 4> at{};
            for (size_t i = 0; i < static_cast<size_t>(face.corners); ++i) {
                const auto key = std::make_pair(face.points[i], face.uvs[i]);
                const auto [found, fresh] = corners.try_emplace(key, static_cast<uint16_t>(corners.size()));
                at[i] = found->second;
                if (!fresh) continue;
                asset_.corner_points.push_back(
                    static_cast<uint16_t>(new_index_[static_cast<size_t>(face.points[i])]));
                Uv uv = body_.uvs[static_cast<size_t>(face.uvs[i])];
                uv.u = (uv.u * kSkinSize - kSkinColumn) / (kSkinSize - kSkinColumn);
                asset_.corner_uvs.push_back(uv);
            }
            asset_.triangles.push_back({at[0], at[1], at[2]});
            asset_.triangle_parts.push_back(part);
            if (face.corners == 4) {
                asset_.triangles.push_back({at[0], at[2], at[3]});
                asset_.triangle_parts.push_back(part);
            }
        }
        if (corners.size() >= 65536) fail_bad_input(name_ + ": the head has too many corners");
    }

    void add_worn(const Worn& worn, const ThreejsMesh& mesh) {
        Attachment a;
        a.name = worn.name;
        a.kind = worn.kind;
        for (size_t i = 0; i < mesh.anchors.size(); ++i) {
            auto anchor = [&](size_t k) {
                return static_cast<uint16_t>(new_index_[static_cast<size_t>(mesh.anchors[i][k])]);
            };
            a.anchors.push_back({anchor(0), anchor(1), anchor(2)});
            a.weights.push_back(mesh.weights[i]);
            a.offsets.push_back(mesh.offsets[i] * kMillimetres);
        }
        std::map<std::pair<int, int>, uint16_t> corners;
        for (const ThreejsFace& face : mesh.faces) {
            std::array<uint16_t, 4> at{};
            for (size_t i = 0; i < static_cast<size_t>(face.corners); ++i) {
                const auto [found, fresh] = corners.try_emplace(std::make_pair(face.points[i], face.uvs[i]),
                                                                static_cast<uint16_t>(corners.size()));
                at[i] = found->second;
                if (!fresh) continue;
                a.corner_points.push_back(static_cast<uint16_t>(face.points[i]));
                a.corner_uvs.push_back(mesh.uvs[static_cast<size_t>(face.uvs[i])]);
            }
            a.triangles.push_back({at[0], at[1], at[2]});
            if (face.corners == 4) a.triangles.push_back({at[0], at[2], at[3]});
        }
        const std::string folder = worn_path(worn, "textures/");
        for (const auto& [path, bytes] : files_) {
            const bool other_map =
                path.find("normal") != std::string::npos || path.find("displacement") != std::string::npos;
            if (!path.starts_with(folder) || !path.ends_with(".png") || other_map) continue;
            a.textures.push_back(static_cast<uint16_t>(asset_.textures.size()));
            asset_.textures.push_back(texture(path, bytes, 256));
        }
        if (a.textures.empty()) fail_bad_input(name_ + ": " + worn.name + " has no texture");
        asset_.attachments.push_back(std::move(a));
    }

    // Halved, opaque parts counting for the colour, until no side is longer than `longest`.
    AssetTexture texture(const std::string& path, const std::vector<uint8_t>& bytes, int longest) const {
        const RgbaImage image = decode_rgba_image(bytes, name_ + ": " + path);
        AssetTexture t{path.substr(path.rfind('/') + 1), image.width, image.height, image.rgba};
        while (std::max(t.width, t.height) > longest && t.width % 2 == 0 && t.height % 2 == 0) {
            AssetTexture half{t.name, t.width / 2, t.height / 2, {}};
            for (int y = 0; y < half.height; ++y) {
                for (int x = 0; x < half.width; ++x) {
                    int opacity = 0, sums[3] = {0, 0, 0}, plain[3] = {0, 0, 0};
                    for (int k = 0; k < 4; ++k) {
                        const auto at = static_cast<size_t>((2 * y + k / 2) * t.width + 2 * x + k % 2);
                        const uint8_t* p = &t.rgba[4 * at];
                        opacity += p[3];
                        for (int c = 0; c < 3; ++c) {
                            sums[c] += p[c] * p[3];
                            plain[c] += p[c];
                        }
                    }
                    for (int c = 0; c < 3; ++c)
                        half.rgba.push_back(
                            static_cast<uint8_t>(opacity > 0 ? sums[c] / opacity : plain[c] / 4));
                    half.rgba.push_back(static_cast<uint8_t>((opacity + 2) / 4));
                }
            }
            t = std::move(half);
        }
        return t;
    }

    void add_skins() {
        for (const auto& [path, bytes] : files_) {
            if (!path.starts_with("package/public/data/skins/") || !path.ends_with(".png")) continue;
            const AssetTexture whole = texture(path, bytes, kSkinSize);
            if (whole.width != kSkinSize || whole.height != kSkinSize)
                fail_bad_input(name_ + ": " + path + ": not 512 x 512");
            AssetTexture skin{whole.name, kSkinSize - kSkinColumn, kSkinSize, {}};
            for (int y = 0; y < kSkinSize; ++y) {
                const uint8_t* row = &whole.rgba[static_cast<size_t>(4 * (y * kSkinSize + kSkinColumn))];
                skin.rgba.insert(skin.rgba.end(), row, row + 4 * skin.width);
            }
            asset_.skins.push_back(static_cast<uint16_t>(asset_.textures.size()));
            asset_.textures.push_back(std::move(skin));
        }
        if (asset_.skins.empty()) fail_bad_input(name_ + ": has no skins");
    }

    void measure_openness() {
        std::vector<std::array<uint16_t, 3>> solid;
        for (const auto& t : asset_.triangles) {
            solid.push_back(
                {asset_.corner_points[t[0]], asset_.corner_points[t[1]], asset_.corner_points[t[2]]});
        }
        const std::vector<Vec3> normals = point_normals(asset_.canonical, solid);
        asset_.openness = point_openness(asset_.canonical, normals, solid);
    }

    struct PartFace {
        ThreejsFace face;
        HeadPart part;
    };

    std::map<std::string, std::vector<uint8_t>> files_;
    std::string name_;
    ThreejsMesh body_;
    std::vector<ThreejsMesh> worn_;
    std::vector<PartFace> faces_;
    std::vector<int> kept_;       // points of the body
    std::vector<int> new_index_;  // of the body's points among the kept; -1: not kept
    HeadAsset asset_;
};

bool wanted(const std::string& path) {
    if (path == kBaseMesh || path == kTargetList || path == kTargetData) return true;
    if (path.starts_with("package/public/data/skins/"))
        return path.ends_with(".png") && path.find("/textures/") != std::string::npos &&
               path.find("special_suit") == std::string::npos && path.find("toon") == std::string::npos;
    for (const Worn& worn : kWorn) {
        const std::string folder =
            std::string("package/public/data/proxies/") + worn.folder + "/" + worn.name + "/";
        if (!path.starts_with(folder)) continue;
        return path == folder + worn.name + ".json" || path.starts_with(folder + "textures/");
    }
    return false;
}

}  // namespace

HeadAsset bake_makehuman_head(std::span<const uint8_t> package, const std::string& name, Progress& progress) {
    return Bake(read_package_archive(package, name, wanted), name).run(progress);
}

}  // namespace quantface
