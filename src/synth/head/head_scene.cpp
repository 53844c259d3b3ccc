#include "synth/head/head_scene.h"

#include "synth/face_meshes.h"
#include "synth/mesh_normals.h"
#include "synth/noise.h"
#include "synth/noise_tile.h"

namespace quantface {

namespace {

class Builder {
  public:
    Builder(const HeadModel& model, const HeadIdentity& who, const PosedHead& head, const FaceTraits& face,
            const ViewTraits& view, const AlignmentCamera& camera)
        : model_(model),
          asset_(model.asset()),
          who_(who),
          head_(head),
          face_(face),
          view_(view),
          camera_(camera) {}

    std::vector<Piece> run() {
        add_head();
        add_eyes();
        add_worn(who_.lashes, Vec3{0.012f, 0.009f, 0.008f}, 1.0f + 0.5f * face_.habits.make_up);
        add_worn(who_.brows, who_.brow_colour, who_.brow_strength);
        add_worn(who_.beard, who_.hair_colour * 0.8f, 1.3f);
        add_worn(who_.moustache, who_.hair_colour * 0.8f, 1.3f);
        add_hair();
        add_headwear();
        add_neckwear();
        if (view_.wear.mask) add_mask();
        Scene shared;
        if (view_.wear.eyewear != Eyewear::kNone)
            add_glasses_frame(fit_glasses(head_, model_), face_.habits, shared);
        if (view_.wear.occluder) add_occluder(view_.wear, shared);
        if (!shared.triangles.empty()) pieces_.push_back(from_scene(shared, camera_));
        return std::move(pieces_);
    }

    static GlassesFit fit_glasses(const PosedHead& head, const HeadModel& model) {
        GlassesFit fit{};
        fit.eye_half_distance = 0.5f * (head.eye_centre(1).x - head.eye_centre(0).x);
        const auto& canonical = model.asset().canonical;
        float bridge = -100;
        for (size_t i = 0; i < canonical.size(); ++i) {
            const Vec3& c = canonical[i];
            if (std::abs(c.x) < 4 && c.y < 4 && c.y > -12) bridge = std::max(bridge, head.points()[i].z);
        }
        fit.front = std::max(bridge + 2, 17.0f);
        const Vec3 right = head.at(HeadLandmark::kRightEar), left = head.at(HeadLandmark::kLeftEar);
        fit.ear_half_width = 0.5f * (left.x - right.x);
        fit.ear_y = 0.5f * (left.y + right.y);
        fit.ear_z = 0.5f * (left.z + right.z);
        return fit;
    }

    static Piece from_scene(const Scene& scene, const AlignmentCamera& camera) {
        Piece piece;
        piece.kind = PieceKind::kAccessory;
        piece.two_sided = true;
        for (const Vertex& v : scene.vertices) {
            piece.vertices.push_back({camera.to_camera(v.position), camera.rotate(v.normal), {}, 1, 0});
        }
        for (const Triangle& t : scene.triangles) {
            piece.own_triangles.push_back({static_cast<uint16_t>(t.corners[0]),
                                           static_cast<uint16_t>(t.corners[1]),
                                           static_cast<uint16_t>(t.corners[2])});
            piece.materials.push_back(t.material);
        }
        piece.triangles = piece.own_triangles;  // moving a vector keeps its elements where they are
        return piece;
    }

  private:
    void add_head() {
        Piece piece;
        piece.kind = PieceKind::kHead;
        const size_t points = head_.points().size();
        positions_.resize(points);
        normals_.resize(points);
        for (size_t i = 0; i < points; ++i) {
            positions_[i] = camera_.to_camera(head_.points()[i]);
            normals_[i] = camera_.rotate(head_.normals()[i]);
        }
        piece.vertices.resize(asset_.corner_points.size());
        for (size_t i = 0; i < piece.vertices.size(); ++i) {
            const uint16_t point = asset_.corner_points[i];
            piece.vertices[i] = {positions_[point], normals_[point], asset_.corner_uvs[i], 1, point};
        }
        piece.triangles = asset_.triangles;
        piece.parts = asset_.triangle_parts;
        pieces_.push_back(std::move(piece));
    }

    Piece worn_piece(const Attachment& worn, const std::vector<Vec3>& points) const {
        Piece piece;
        std::vector<Vec3> placed(points.size());
        for (size_t i = 0; i < points.size(); ++i) placed[i] = camera_.to_camera(points[i]);
        std::vector<std::array<uint16_t, 3>> over_points(worn.triangles.size());
        for (size_t i = 0; i < over_points.size(); ++i) {
            for (size_t k = 0; k < 3; ++k) over_points[i][k] = worn.corner_points[worn.triangles[i][k]];
        }
        const std::vector<Vec3> normals = point_normals(placed, over_points);
        piece.vertices.resize(worn.corner_points.size());
        for (size_t i = 0; i < piece.vertices.size(); ++i) {
            const uint16_t point = worn.corner_points[i];
            piece.vertices[i] = {placed[point], normals[point], worn.corner_uvs[i], 1,
                                 worn.anchors[point][0]};
        }
        piece.triangles = worn.triangles;
        return piece;
    }

    const Attachment& attachment(int index) const { return asset_.attachments[static_cast<size_t>(index)]; }

    void add_eyes() {
        if (who_.eyes < 0) return;
        const Attachment& eyes = attachment(who_.eyes);
        std::vector<Vec3> points = head_.worn_points(eyes, 1);
        const float gaze_x = view_.expression.gaze_x, gaze_y = view_.expression.gaze_y;
        const Rotation turn = head_rotation(gaze_x, gaze_y, 0);
        for (size_t i = 0; i < points.size(); ++i) {
            const int side = asset_.canonical[eyes.anchors[i][0]].x > 0 ? 1 : 0;
            points[i] = head_.eye_centre(side) + turn.apply(points[i] - head_.eye_centre(side));
        }
        Piece piece = worn_piece(eyes, points);
        piece.kind = PieceKind::kEyes;
        piece.texture = &asset_.textures[who_.iris_texture];
        pieces_.push_back(std::move(piece));
    }

    void add_worn(int index, const Vec3& colour, float opacity) {
        if (index < 0) return;
        const Attachment& worn = attachment(index);
        add_strands(worn, head_.worn_points(worn, 1), colour, opacity);
        pieces_.back().thin = worn.kind == AttachmentKind::kBrows || worn.kind == AttachmentKind::kLashes;
    }

    void add_strands(const Attachment& worn, const std::vector<Vec3>& points, const Vec3& colour,
                     float opacity) {
        Piece piece = worn_piece(worn, points);
        piece.kind = PieceKind::kStrands;
        piece.texture = &asset_.textures[worn.textures[0]];
        piece.level = model_.texture_level(worn.textures[0]);
        piece.two_sided = piece.holes = true;
        piece.opacity = opacity;
        piece.colour = colour;
        pieces_.push_back(std::move(piece));
    }

    bool covered_by_hat() const { return view_.wear.headwear != Headwear::kNone; }

    void add_hair() {
        const bool bulky = covered_by_hat();
        if (who_.hair_kind == HairKind::kAttachment && !bulky) {
            const Attachment& hair = attachment(who_.hair);
            std::vector<Vec3> points = head_.worn_points(hair, who_.hair_volume);
            const NoiseTile& noise = NoiseTile::instance();
            const float bottom = -who_.hair_length;
            for (Vec3& p : points) {
                // Locks lie differently each day.
                const float x = p.x * (1 / 30.0f) + p.z * (1 / 75.0f), y = p.y * (1 / 30.0f);
                p += Vec3{noise(x, y, view_.hair_seed), 0, noise(x, y, view_.hair_seed + 0x3517)} * 3.0f;
                if (p.y < bottom) p.y = bottom + 0.15f * (p.y - bottom);  // cut
            }
            add_strands(hair, points, who_.hair_colour, who_.hair_opacity);
            if (who_.fringe) clear_face(hair, points, pieces_.back());
        }
        if (who_.hair_kind == HairKind::kShell || (bulky && who_.hair_kind != HairKind::kNone)) add_cropped();
    }

    // Most people keep their hair out of their eyes: what would hang before the face is cut away.
    void clear_face(const Attachment& hair, const std::vector<Vec3>& points, Piece& piece) const {
        const float top = 20 + 9 * who_.hairline, half_width = 57;
        for (size_t i = 0; i < piece.vertices.size(); ++i) {
            const Vec3& p = points[hair.corner_points[i]];
            const float x = p.x / half_width, y = (p.y - top + 75) / 75;
            const float out = smooth_step(0.85f, 1.05f, std::sqrt(x * x + (y > 0 ? y * y : 0.0f)));
            piece.vertices[i].coverage = p.z > -20 ? out : 1.0f;
        }
    }

    // How far the hair reaches here, 1 inside: past the hairline, which recedes with age at the corners.
    float scalp_cover(uint16_t point) const {
        const float scalp = asset_.masks[point][static_cast<size_t>(HeadMask::kScalp)];
        const Vec3& c = asset_.canonical[point];
        const float front = smooth_step(-20, 40, c.z);
        const float corner = smooth_step(8, 30, std::abs(c.x)) * smooth_step(62, 40, std::abs(c.x));
        const float limit = 0.45f + front * (0.35f + 0.25f * corner) * who_.hairline;
        return smooth_step(limit - 0.2f, limit + 0.2f, scalp);
    }

    void add_cropped() {
        std::vector<float> cover(asset_.points.size());
        for (size_t i = 0; i < cover.size(); ++i) cover[i] = scalp_cover(static_cast<uint16_t>(i));
        constexpr int kLayers = 3;
        const float depth = who_.hair_kind == HairKind::kShell ? 5.5f * who_.hair_volume : 3.0f;
        for (int layer = 0; layer < kLayers; ++layer) {
            const float height = static_cast<float>(layer + 1) / kLayers;
            std::vector<float> lift(cover.size());
            for (size_t i = 0; i < lift.size(); ++i) lift[i] = depth * height * cover[i];
            Piece piece = shell(cover, lift);
            piece.kind = PieceKind::kShell;
            piece.colour = who_.hair_colour;
            piece.shell_height = height;
            piece.holes = true;
            pieces_.push_back(std::move(piece));
        }
    }

    // The part of the skin where cover is over zero, lifted along its normals.
    Piece shell(const std::vector<float>& cover, const std::vector<float>& lift) const {
        Piece piece;
        std::vector<int> index(asset_.points.size(), -1);
        for (size_t i = 0; i < asset_.triangles.size(); ++i) {
            const HeadPart part = asset_.triangle_parts[i];
            if (part != HeadPart::kSkin && part != HeadPart::kShoulders) continue;
            const auto& at = model_.point_triangles()[i];
            if (cover[at[0]] + cover[at[1]] + cover[at[2]] < 0.02f) continue;
            std::array<uint16_t, 3> corners{};
            for (size_t k = 0; k < 3; ++k) {
                int& place = index[at[k]];
                if (place < 0) {
                    place = static_cast<int>(piece.vertices.size());
                    piece.vertices.push_back({positions_[at[k]] + normals_[at[k]] * lift[at[k]],
                                              normals_[at[k]],
                                              {},
                                              cover[at[k]],
                                              at[k]});
                }
                corners[k] = static_cast<uint16_t>(place);
            }
            piece.own_triangles.push_back(corners);
        }
        piece.triangles = piece.own_triangles;
        return piece;
    }

    template <typename Cover>
    void add_cloth(const Cover& cover_of, float thickness, const Vec3& colour, float edge_lift = 0.3f) {
        std::vector<float> cover(asset_.points.size()), lift(asset_.points.size());
        for (size_t i = 0; i < cover.size(); ++i) {
            cover[i] = saturate(cover_of(asset_.canonical[i]));
            lift[i] = thickness * (edge_lift + (1 - edge_lift) * cover[i]);
        }
        Piece piece = shell(cover, lift);
        if (piece.triangles.empty()) return;
        piece.kind = PieceKind::kCloth;
        piece.colour = colour;
        piece.holes = true;
        pieces_.push_back(std::move(piece));
    }

    void add_headwear() {
        const Wear& wear = view_.wear;
        const float low = 44 + 14 * noise2(0.5f, 0.5f, view_.hair_seed + 9);  // the brim over the eyes
        auto above = [&](const Vec3& c) {  // a ring that falls toward the back
            const float edge = low - 0.28f * (60 - c.z);
            return smooth_step(edge - 3, edge + 3, c.y);
        };
        switch (wear.headwear) {
            case Headwear::kNone:
                return;
            case Headwear::kBeanie:
                return add_cloth(above, 9, wear.headwear_colour, 0.5f);
            case Headwear::kBand: {
                auto band = [&](const Vec3& c) {
                    const float edge = low - 0.28f * (60 - c.z);
                    return smooth_step(edge - 2, edge + 2, c.y) * smooth_step(edge + 34, edge + 28, c.y);
                };
                return add_cloth(band, 7, wear.headwear_colour, 0.8f);
            }
            case Headwear::kScarf: {
                auto around = [&](const Vec3& c) {  // all but an oval that holds the face
                    const float x = c.x / 64, y = (c.y + 28) / (low + 38);
                    const float out = std::sqrt(x * x + y * y);
                    return c.z < -5 ? 1.0f : smooth_step(0.95f, 1.05f, out);
                };
                return add_cloth(around, 8, wear.headwear_colour, 0.6f);
            }
            case Headwear::kCap: {
                const std::vector<int>& hats = model_.attachments(AttachmentKind::kHat);
                if (!hats.empty() && (view_.hair_seed & 3) == 0) return add_hat(attachment(hats[0]));
                add_cloth(above, 8, wear.headwear_colour, 0.5f);
                return add_brim(low);
            }
        }
    }

    void add_hat(const Attachment& hat) {
        Piece piece = worn_piece(hat, head_.worn_points(hat, 1.05f));
        piece.kind = PieceKind::kHat;
        piece.two_sided = true;
        const size_t texture = hat.textures[view_.hair_seed % hat.textures.size()];
        piece.texture = &asset_.textures[texture];
        pieces_.push_back(std::move(piece));
    }

    // The peak of a cap: a bent sheet in front of the forehead.
    void add_brim(float low) {
        constexpr int kRows = 5, kColumns = 17;
        const Vec3 forehead = head_.at(HeadLandmark::kForehead);
        std::vector<Vertex> grid;
        for (int i = 0; i < kRows; ++i) {
            const float out = static_cast<float>(i) / (kRows - 1);
            for (int j = 0; j < kColumns; ++j) {
                const float angle = 1.15f * (2.0f * static_cast<float>(j) / (kColumns - 1) - 1);
                const float radius = 62 + 4 + 62 * out * std::cos(0.9f * angle);
                const Vec3 p{66 * std::sin(angle) * (1 + 0.1f * out),
                             low - 2 - 6 * out - 9 * std::sin(angle) * std::sin(angle),
                             forehead.z - 62 + radius * std::cos(angle)};
                grid.push_back({p, p, {}});
            }
        }
        Scene brim;
        brim.add_grid(grid, kRows, kColumns, false, Material::kHeadwear);
        pieces_.push_back(from_scene(brim, camera_));
    }

    void add_neckwear() {
        const float neckline = -150 + 22 * noise2(0.3f, 0.7f, view_.background_seed + 21);
        const bool collar = view_.wear.clothes_pattern == 3;
        auto below = [&](const Vec3& c) {
            const float opening = c.z > -40 && !collar ? 0.5f * std::max(0.0f, 40 - std::abs(c.x)) : 0;
            const float edge = neckline - opening + (collar ? 22 : 0);
            return smooth_step(edge + 3, edge - 3, c.y);
        };
        add_cloth(below, collar ? 5.0f : 3.0f, view_.wear.clothes, 0.6f);
    }

    void add_mask() {
        auto over = [&](const Vec3& c) {
            const float top = -22 + 16 * bell(c.x, 14);
            const float side = smooth_step(66, 60, std::abs(c.x));
            return smooth_step(top + 2, top - 2, c.y) * smooth_step(-125, -118, c.y) * side *
                   smooth_step(-28, -20, c.z);
        };
        add_cloth(over, 5, view_.wear.mask_colour, 0.5f);
    }

    const HeadModel& model_;
    const HeadAsset& asset_;
    const HeadIdentity& who_;
    const PosedHead& head_;
    const FaceTraits& face_;
    const ViewTraits& view_;
    const AlignmentCamera& camera_;
    std::vector<Vec3> positions_, normals_;  // camera's frame, by point
    std::vector<Piece> pieces_;
};

}  // namespace

std::vector<Piece> build_pieces(const HeadModel& model, const HeadIdentity& who, const PosedHead& head,
                                const FaceTraits& face, const ViewTraits& view,
                                const AlignmentCamera& camera) {
    return Builder(model, who, head, face, view, camera).run();
}

Piece build_lenses(const HeadModel& model, const PosedHead& head, const FaceTraits& face,
                   const AlignmentCamera& camera) {
    Scene panes;
    add_lenses(Builder::fit_glasses(head, model), face.habits, panes);
    return Builder::from_scene(panes, camera);
}

}  // namespace quantface
