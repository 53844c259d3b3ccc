#include "synth/head/head_renderer.h"

#include <optional>

#include "synth/face_renderer.h"
#include "synth/head/head_shader.h"
#include "synth/lighting.h"
#include "synth/noise_tile.h"
#include "synth/rasterizer.h"

namespace quantface {

namespace {

// A fragment's id: the piece above, its triangle below.
constexpr uint32_t kTriangleBits = 20;
constexpr uint32_t kTriangleMask = (1u << kTriangleBits) - 1;

class Drawing {
  public:
    Drawing(const AlignmentCamera& camera, const ViewTraits& view, const HeadShader& shader,
            const std::vector<Piece>& pieces, int size, int oversampling)
        : camera_(camera),
          view_(view),
          shader_(shader),
          pieces_(pieces),
          size_(size),
          oversampling_(oversampling),
          buffer_(size * oversampling, size * oversampling),
          shadows_(shadow_map(view.light.lights[0])) {}

    LitPicture run(const Piece* lenses) {
        rasterize_pieces();
        cast_shadows();
        measure_openness();
        if (lenses != nullptr) rasterize_lenses(*lenses);
        shade_pixels(lenses);
        // A camera sees that there is more than skin: bright clothes do not burn out altogether.
        const double all = all_sum_ / all_count_, skin = skin_sum_ / skin_count_;
        picture_.skin_level = std::max(0.002f, static_cast<float>(0.7 * skin + 0.3 * all));
        return std::move(picture_);
    }

  private:
    void rasterize_pieces() {
        std::vector<Vec3> projected;
        for (size_t k = 0; k < pieces_.size(); ++k) {
            const Piece& piece = pieces_[k];
            projected.resize(piece.vertices.size());
            for (size_t i = 0; i < projected.size(); ++i)
                projected[i] = camera_.project(piece.vertices[i].position);
            // Seen from outside, corners run counter-clockwise; rows run downward here.
            draw_piece(piece, projected, static_cast<uint32_t>(k) << kTriangleBits, piece.two_sided ? 0 : 1,
                       oversampling_ > 1 ? 1.0f : 0.35f, buffer_);
        }
    }

    // hidden: the sign of the area of triangles seen from inside, which are not drawn; 0: draw all.
    static void draw_piece(const Piece& piece, const std::vector<Vec3>& projected, uint32_t id, float hidden,
                           float dither, FragmentBuffer& buffer) {
        for (uint32_t t = 0; t < piece.triangles.size(); ++t) {
            const auto& corners = piece.triangles[t];
            const Vec3 &a = projected[corners[0]], &b = projected[corners[1]], &c = projected[corners[2]];
            if (hidden * ((b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)) > 0) continue;
            if (!piece.holes) {
                rasterize_triangle(a, b, c, id | t, buffer, [](int, int, float, float) { return true; });
                continue;
            }
            const HeadShader::Holes holes(piece, t, dither);
            rasterize_triangle(a, b, c, id | t, buffer, [&](int x, int y, float weight_b, float weight_c) {
                return holes.solid(weight_b, weight_c, x, y);
            });
        }
    }

    // Under a flash shadows fall behind what casts them, and under a clouded sky there are none.
    static std::optional<ShadowMap> shadow_map(const DirectionalLight& key) {
        if (key.direction.z >= 0.97f || luminance(key.colour) <= 0.25f) return std::nullopt;
        return ShadowMap(key.direction);
    }

    void cast_shadows() {
        if (!shadows_) return;
        std::vector<Vec3> projected;
        for (const Piece& piece : pieces_) {
            if (piece.kind == PieceKind::kEyes || piece.kind == PieceKind::kShell || piece.thin) continue;
            projected.resize(piece.vertices.size());
            for (size_t i = 0; i < projected.size(); ++i)
                projected[i] = shadows_->project(piece.vertices[i].position);
            draw_piece(piece, projected, 0, piece.two_sided ? 0 : -1, 0.2f, shadows_->buffer());
        }
    }

    // How open each pixel lies: lower where the surroundings stand nearer to the camera. Adds to the points'
    // own openness what hair, hats and glasses take.
    void measure_openness() {
        const int step = oversampling_;
        const float millimetres = camera_.millimetres_per_sample();
        const int reach = std::max(step, static_cast<int>(9.0f / millimetres));
        openness_.assign(static_cast<size_t>(size_) * static_cast<size_t>(size_), 1.0f);
        constexpr int kDirections[8][2] = {{1, 0}, {-1, 0}, {0, 1},  {0, -1},
                                           {1, 1}, {-1, 1}, {1, -1}, {-1, -1}};
        for (int y = 0; y < size_; ++y) {
            for (int x = 0; x < size_; ++x) {
                const Fragment& here = buffer_.at(x * step, y * step);
                if (here.triangle == kNoTriangle) continue;
                float closed = 0;
                for (const auto& [dx, dy] : kDirections) {
                    const int sx = x * step + dx * reach, sy = y * step + dy * reach;
                    if (sx < 0 || sy < 0 || sx >= buffer_.width || sy >= buffer_.height) continue;
                    const float rise = here.depth - buffer_.at(sx, sy).depth;
                    if (rise > 0 && rise < 60) closed += std::min(1.0f, rise / 14.0f);
                }
                openness_[static_cast<size_t>(y * size_ + x)] = 1 - 0.65f * std::min(1.0f, closed * 0.17f);
            }
        }
    }

    void rasterize_lenses(const Piece& lenses) {
        lens_buffer_ = FragmentBuffer(buffer_.width, buffer_.height);
        std::vector<Vec3> projected;
        for (const PieceVertex& v : lenses.vertices) projected.push_back(camera_.project(v.position));
        draw_piece(lenses, projected, 0, 0, 1, lens_buffer_);
    }

    void shade_pixels(const Piece* lenses) {
        const float share = 1.0f / static_cast<float>(oversampling_ * oversampling_);
        picture_.open.assign(static_cast<size_t>(size_) * static_cast<size_t>(size_), 0.0f);
        picture_.patches.reserve(picture_.open.size() * 5 / 4);
        for (int y = 0; y < size_; ++y) {
            for (int x = 0; x < size_; ++x) shade_pixel(x, y, share, lenses);
        }
    }

    // Samples of one pixel on the same piece are shaded once.
    void shade_pixel(int x, int y, float share, const Piece* lenses) {
        const auto pixel = static_cast<uint32_t>(y * size_ + x);
        constexpr int kMaxGroups = 16;
        uint32_t kinds[kMaxGroups];
        const size_t first = picture_.patches.size();
        int groups = 0;
        for (int j = 0; j < oversampling_; ++j) {
            for (int i = 0; i < oversampling_; ++i) {
                const int sx = x * oversampling_ + i, sy = y * oversampling_ + j;
                const Fragment& f = buffer_.at(sx, sy);
                if (f.triangle == kNoTriangle) {
                    picture_.open[pixel] += share;
                    continue;
                }
                const uint32_t kind = group_of(f.triangle);
                int g = 0;
                while (g < groups && kinds[g] != kind) ++g;
                if (g < groups) {
                    picture_.patches[first + static_cast<size_t>(g)].share += share;
                    continue;
                }
                kinds[groups++] = kind;
                LitPatch patch{shade_fragment(f, openness_[pixel]), pixel, share};
                if (lenses != nullptr) look_through(*lenses, lens_buffer_.at(sx, sy), f, patch.light);
                picture_.patches.push_back(patch);
            }
        }
    }

    // The piece, and for the head the part.
    uint32_t group_of(uint32_t id) const {
        const uint32_t k = id >> kTriangleBits;
        const Piece& piece = pieces_[k];
        return piece.kind == PieceKind::kHead ? 100 + static_cast<uint32_t>(piece.parts[id & kTriangleMask])
                                              : k;
    }

    Vec3 shade_fragment(const Fragment& f, float openness) {
        const Piece& piece = pieces_[f.triangle >> kTriangleBits];
        const PiecePoint point{f.triangle & kTriangleMask, f.weight_b, f.weight_c};
        const Surface surface = shader_.at(piece, point);
        const Vec3 position = HeadShader::position(piece, point);
        float visible =
            shadows_ ? shadows_->visibility(position, surface.normal, view_.light.shadow_softness) : 1.0f;
        // Lips are thin and teeth are close behind them: the map's texels are too coarse for what reaches
        // there.
        if (piece.kind == PieceKind::kHead && piece.parts[point.triangle] == HeadPart::kTeeth)
            visible = std::max(visible, 0.7f);
        const Vec3 light = shade(surface, view_.light, visible, openness);
        all_sum_ += luminance(light);
        all_count_ += 1;
        if (piece.kind == PieceKind::kHead && piece.parts[point.triangle] == HeadPart::kSkin) {
            skin_sum_ += luminance(light);
            skin_count_ += 1;
        }
        return light;
    }

    // A pane before a fragment tints it and mirrors the room behind the camera.
    void look_through(const Piece& lenses, const Fragment& pane, const Fragment& behind, Vec3& light) const {
        if (pane.triangle == kNoTriangle || pane.depth >= behind.depth) return;
        const PieceVertex& corner = lenses.vertices[lenses.triangles[pane.triangle][0]];
        const Vec3 normal = corner.normal.z < 0 ? corner.normal * -1.0f : corner.normal;
        const Vec3 mirrored = normalized(normal * (2 * normal.z) - Vec3{0, 0, 1});
        const Vec3 place = HeadShader::position(lenses, {pane.triangle, pane.weight_b, pane.weight_c});
        const float room = saturate(0.3f + 1.2f * NoiseTile::instance()(place.x / 16 + 3 * mirrored.x,
                                                                        place.y / 14 + 3 * mirrored.y,
                                                                        view_.background_seed));
        light = light * view_.wear.lens_tint +
                view_.light.environment.at(mirrored) * (0.25f * view_.wear.lens_reflection * room);
    }

    const AlignmentCamera& camera_;
    const ViewTraits& view_;
    const HeadShader& shader_;
    const std::vector<Piece>& pieces_;
    int size_, oversampling_;
    FragmentBuffer buffer_, lens_buffer_{0, 0};
    std::optional<ShadowMap> shadows_;
    std::vector<float> openness_;
    LitPicture picture_;
    double skin_sum_ = 0, skin_count_ = 1e-3, all_sum_ = 0, all_count_ = 1e-3;
};

}  // namespace

LitPicture draw_head(const HeadModel& model, uint64_t seed, uint64_t identity, const FaceTraits& face,
                     const ViewTraits& view, const FaceRenderOptions& options, FaceRenderInfo* info) {
    const HeadIdentity who = sample_head_identity(seed, identity, face, model);
    const PosedHead head(model, who, view.expression);
    const AlignmentCamera camera(head.landmarks(), view, options.size, options.oversampling);
    const std::vector<Piece> pieces = build_pieces(model, who, head, face, view, camera);
    if (info != nullptr) info->landmarks = camera.landmarks();
    const HeadShader shader(model, who, face, view);
    Drawing drawing(camera, view, shader, pieces, options.size, options.oversampling);
    if (view.wear.eyewear == Eyewear::kNone) return drawing.run(nullptr);
    const Piece lenses = build_lenses(model, head, face, camera);
    return drawing.run(&lenses);
}

}  // namespace quantface
