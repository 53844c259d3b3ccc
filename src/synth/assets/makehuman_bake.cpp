#include "synth/assets/makehuman_bake.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "faces/image.h"
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
        find_landmarks();
        paint_masks();
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

    const MorphTarget& needed_target(const std::string& name) const {
        const int index = asset_.target(name);
        if (index < 0) fail_bad_input(name_ + ": lacks the target " + name);
        return asset_.targets[static_cast<size_t>(index)];
    }

    // The point that the target moves farthest, at one side of the face (0: anywhere).
    uint16_t farthest_moved(const std::string& target_name, float side) const {
        const MorphTarget& target = needed_target(target_name);
        float best = -1;
        uint16_t point = 0;
        for (size_t i = 0; i < target.points.size(); ++i) {
            if (asset_.canonical[target.points[i]].x * side < 0) continue;
            const float square = dot(target.deltas[i], target.deltas[i]);
            if (square > best) {
                best = square;
                point = target.points[i];
            }
        }
        return point;
    }

    template <typename Score>
    uint16_t best_skin_point(const Score& score) const {
        float best = -1e30f;
        uint16_t point = 0;
        for (size_t i = 0; i < asset_.triangles.size(); ++i) {
            if (asset_.triangle_parts[i] != HeadPart::kSkin) continue;
            for (const uint16_t corner : asset_.triangles[i]) {
                const uint16_t candidate = asset_.corner_points[corner];
                const float value = score(asset_.canonical[candidate]);
                if (value > best) {
                    best = value;
                    point = candidate;
                }
            }
        }
        return point;
    }

    void find_landmarks() {
        auto set = [&](HeadLandmark landmark, uint16_t point) {
            asset_.landmarks[static_cast<size_t>(landmark)] = point;
        };
        set(HeadLandmark::kRightMouthCorner, farthest_moved("mouth/mouth-angles-up", -1));
        set(HeadLandmark::kLeftMouthCorner, farthest_moved("mouth/mouth-angles-up", 1));
        auto eye = [&](const char* side, HeadLandmark inner, HeadLandmark outer) {
            const std::string prefix = std::string("eyes/") + side + "-eye-corner";
            const uint16_t a = farthest_moved(prefix + "1-up", 0), b = farthest_moved(prefix + "2-up", 0);
            const bool a_inner = std::abs(asset_.canonical[a].x) < std::abs(asset_.canonical[b].x);
            set(inner, a_inner ? a : b);
            set(outer, a_inner ? b : a);
        };
        eye("r", HeadLandmark::kRightEyeInner, HeadLandmark::kRightEyeOuter);
        eye("l", HeadLandmark::kLeftEyeInner, HeadLandmark::kLeftEyeOuter);
        const float mouth_y =
            asset_.canonical[asset_.landmarks[static_cast<size_t>(HeadLandmark::kLeftMouthCorner)]].y;
        auto middle = [](const Vec3& p) { return 20 * std::abs(p.x); };
        set(HeadLandmark::kNoseTip, best_skin_point([&](const Vec3& p) {
                return p.y > mouth_y && p.y < 0 ? p.z - middle(p) : -1e20f;
            }));
        set(HeadLandmark::kChin, best_skin_point([&](const Vec3& p) {
                return p.y < mouth_y - 20 && p.y > mouth_y - 60 ? p.z - middle(p) : -1e20f;
            }));
        set(HeadLandmark::kForehead, best_skin_point([&](const Vec3& p) {
                return p.z > 0 ? -std::abs(p.y - 55) - middle(p) : -1e20f;
            }));
        auto ear = [&](float side) {  // where the arm of glasses rests: the front of the ear's upper root
            return best_skin_point([&](const Vec3& p) {
                const float away = std::abs(p.y - 2) + std::abs(p.z + 85);
                return p.x * side > 55 ? -away - 0.2f * std::abs(p.x * side - 72) : -1e20f;
            });
        };
        set(HeadLandmark::kRightEar, ear(-1));
        set(HeadLandmark::kLeftEar, ear(1));
    }

    void paint_by_movement(HeadMask mask, const std::vector<std::string>& target_names) {
        std::vector<float> moved(asset_.points.size(), 0.0f);
        for (const std::string& name : target_names) {
            const MorphTarget& target = needed_target(name);
            float most = 1e-6f;
            for (const Vec3& d : target.deltas) most = std::max(most, std::sqrt(dot(d, d)));
            for (size_t i = 0; i < target.points.size(); ++i) {
                const float share = std::sqrt(dot(target.deltas[i], target.deltas[i])) / most;
                moved[target.points[i]] = std::max(moved[target.points[i]], share);
            }
        }
        for (size_t i = 0; i < moved.size(); ++i)
            asset_.masks[i][static_cast<size_t>(mask)] = smooth_step(0.08f, 0.6f, moved[i]);
    }

    // 1 within `full` millimetres of where the named piece is rooted, 0 past `none`.
    void paint_near(HeadMask mask, const std::string& attachment_name, float full, float none) {
        for (const Attachment& a : asset_.attachments) {
            if (a.name != attachment_name) continue;
            std::vector<Vec3> roots;
            for (size_t i = 0; i < a.anchors.size(); ++i) {
                const auto& at = a.anchors[i];
                roots.push_back(asset_.canonical[at[0]] * a.weights[i].x +
                                asset_.canonical[at[1]] * a.weights[i].y +
                                asset_.canonical[at[2]] * a.weights[i].z);
            }
            for (size_t i = 0; i < asset_.canonical.size(); ++i) {
                // The farther of the point and its mirror image: the mask is the same on both sides.
                const Vec3 p = asset_.canonical[i], mirrored{-p.x, p.y, p.z};
                float nearest = 1e30f, nearest_mirrored = 1e30f;
                for (const Vec3& root : roots) {
                    const Vec3 d = p - root, m = mirrored - root;
                    nearest = std::min(nearest, dot(d, d));
                    nearest_mirrored = std::min(nearest_mirrored, dot(m, m));
                }
                asset_.masks[i][static_cast<size_t>(mask)] =
                    smooth_step(none, full, std::sqrt(std::max(nearest, nearest_mirrored)));
            }
        }
    }

    // Where the dark skins have hair painted on, away from the brows; the same on both sides.
    void paint_scalp() {
        std::vector<float> depth(asset_.points.size(), 0.0f), count(asset_.points.size(), 1e-6f);
        for (const uint16_t index : asset_.skins) {
            const AssetTexture& skin = asset_.textures[index];
            if (skin.name.find("dark") == std::string::npos) continue;
            for (size_t i = 0; i < asset_.corner_points.size(); ++i) {
                const Uv uv = asset_.corner_uvs[i];
                if (uv.u < 0 || uv.u > 1 || uv.v < 0 || uv.v > 1) continue;
                const auto x = static_cast<size_t>(uv.u * static_cast<float>(skin.width - 1));
                const auto y = static_cast<size_t>(uv.v * static_cast<float>(skin.height - 1));
                const uint8_t* p = &skin.rgba[4 * (y * static_cast<size_t>(skin.width) + x)];
                const uint16_t point = asset_.corner_points[i];
                depth[point] += smooth_step(85, 40, static_cast<float>(p[0]));
                count[point] += 1;
            }
        }
        for (size_t i = 0; i < depth.size(); ++i) {
            const Vec3& c = asset_.canonical[i];
            const bool face = c.z > 0 && c.y < 34;
            depth[i] = face || c.y < -75 ? 0.0f : depth[i] / count[i];
        }
        const std::vector<uint16_t> mirror = mirror_points();
        for (size_t i = 0; i < depth.size(); ++i) {
            asset_.masks[i][static_cast<size_t>(HeadMask::kScalp)] = 0.5f * (depth[i] + depth[mirror[i]]);
        }
    }

    // For each point the one nearest to its mirror image.
    std::vector<uint16_t> mirror_points() const {
        std::vector<uint16_t> mirror(asset_.canonical.size());
        for (size_t i = 0; i < mirror.size(); ++i) {
            const Vec3 p = asset_.canonical[i], wanted{-p.x, p.y, p.z};
            float nearest = 1e30f;
            for (size_t k = 0; k < mirror.size(); ++k) {
                const Vec3 d = asset_.canonical[k] - wanted;
                if (dot(d, d) < nearest) {
                    nearest = dot(d, d);
                    mirror[i] = static_cast<uint16_t>(k);
                }
            }
        }
        return mirror;
    }

    void paint_masks() {
        asset_.masks.assign(asset_.points.size(), {});
        paint_by_movement(HeadMask::kUpperLip, {"mouth/mouth-upperlip-volume-inflate"});
        paint_by_movement(HeadMask::kLowerLip, {"mouth/mouth-lowerlip-volume-inflate"});
        paint_by_movement(HeadMask::kLids, {"expression/units/caucasian/eye-left-closure",
                                            "expression/units/caucasian/eye-right-closure"});
        paint_by_movement(HeadMask::kCheeks,
                          {"cheek/l-cheek-volume-inflate", "cheek/r-cheek-volume-inflate"});
        paint_near(HeadMask::kBeard, "Full_beard", 5, 14);
        paint_near(HeadMask::kMoustache, "Moustache", 2, 7);
        paint_scalp();
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
