#include "synth/face_meshes.h"
#include "synth/noise.h"

namespace quantface {

namespace {

// A second skin round the head. thickness(angle, y, canonical x) is in millimetres; where it is negative the
// shell runs below the skin and does not show.
struct ShellSpec {
    float low = -80;  // lowest height
    float hang_below =
        -1e9f;            // under this height the shell falls straight down instead of following the neck
    float hang_from = 0;  // and only past this angle from the front
    int rows = 84, columns = 128;
    Material material = Material::kHair;
};

template <typename Thickness>
void add_shell(const HeadShape& head, const ShellSpec& spec, Thickness thickness, Scene& scene) {
    const float crown = head.traits().crown_height;
    std::vector<Vertex> grid;
    grid.reserve(static_cast<size_t>(spec.rows * spec.columns));
    for (int i = 0; i < spec.rows; ++i) {
        const float fall = static_cast<float>(i) / static_cast<float>(spec.rows - 1);
        // Denser near the crown, where the surface is flat.
        const float y = mix(crown, spec.low, 0.25f * fall * fall + 0.75f * fall);
        // Hanging hair keeps the girth that the head has where it lets go.
        const HeadShape::Row near_row = head.row(y), hanging_row = head.row(std::max(y, spec.hang_below));
        for (int j = 0; j < spec.columns; ++j) {
            const float angle =
                kPi * (2.0f * static_cast<float>(j) / static_cast<float>(spec.columns) - 1.0f);
            const bool hangs = std::abs(angle) > spec.hang_from;
            const HeadShape::Row& row = hangs ? hanging_row : near_row;
            Vec3 base = head.point(row, angle);
            const Vec3 outward = normalized({base.x, 1.1f * std::max(0.0f, row.y - 25), base.z + 85});
            const Vec3 canonical{angle * 70, y, base.x};
            base.y = y;
            base = head.warp(base);
            grid.push_back({base + outward * thickness(angle, y, base.x), canonical, {}});
        }
    }
    scene.add_grid(grid, spec.rows, spec.columns, true, spec.material);
}

// Height of the hair's edge by angle from the front.
class Hairline {
  public:
    explicit Hairline(const HairTraits& hair)
        : fringe_(hair.style == HairStyle::kFringe),
          swept_(hair.style == HairStyle::kSwept),
          parting_(hair.parting),
          edge_({{{0, hair.hairline},
                  {0.5f, hair.hairline - 7 + hair.recession},
                  {0.9f, hair.hairline - 26 + 0.5f * hair.recession},
                  {1.1f, 22},
                  {1.3f, hair.style == HairStyle::kBald ? 20.0f : -16.0f},
                  {1.55f, 6},
                  {1.8f, -24},
                  {2.2f, -70}}}) {}

    float operator()(float angle) const {
        const float turn = std::abs(angle);
        float edge = edge_(turn);
        if (fringe_) edge = std::min(edge, mix(29.0f, edge, smooth_step(0.75f, 1.1f, turn)));
        if (swept_) {
            const float side = parting_ < 0 ? 1.0f : -1.0f;
            edge -= 34 * bell(angle - side * 0.35f, 0.4f);
        }
        return edge;
    }

  private:
    bool fringe_, swept_;
    float parting_;
    Curve<8> edge_;
};

}  // namespace

void add_hair(const HeadShape& head, const HairTraits& hair, const ViewTraits& view, Scene& scene) {
    if (hair.style == HairStyle::kBald) return;
    const Hairline hairline(hair);
    const bool is_long = hair.style == HairStyle::kLong;
    const bool curly = hair.style == HairStyle::kCurly;
    const bool flat = view.wear.headwear != Headwear::kNone;
    const float volume = flat ? std::min(hair.volume, 6.0f) : hair.volume;
    const uint32_t seed = hair.seed ^ (view.hair_seed & 3);
    const float jag = hair.style == HairStyle::kCropped ? 2.0f : 7.0f;
    auto thickness = [&](float angle, float y, float x) {
        float edge = hairline(angle);
        const float turn = std::abs(angle);
        if (is_long && turn > hair.curtain - 0.15f) {
            edge = mix(edge, -hair.length, smooth_step(hair.curtain - 0.15f, hair.curtain + 0.1f, turn));
        }
        const float wave = hair.waviness * 0.35f * std::sin(y / 14 + 3 * noise2(angle * 3, 0, seed));
        const float lock = noise2(angle * 9 + wave, y / 60, seed),
                    strand = noise2(angle * 30 + wave, y / 40, seed + 1);
        const float above = y - edge + jag * (0.7f * lock + 0.6f * strand);
        float full = volume * (0.75f + 0.25f * lock + 0.12f * strand);
        full += 0.5f * volume * smooth_step(60, 110, y) *
                (1 - (curly ? 0.0f : smooth_step(1, 0, std::abs(x - hair.parting) / 14)));
        if (curly)
            full *= 1 + 0.5f * noise3({angle * 6, y / 12, 0}, seed + 2) +
                    0.3f * noise3({angle * 14, y / 5, 3}, seed + 3);
        if (hair.style == HairStyle::kFringe && turn < 0.8f && y < 60) full = 4 + 2 * lock;
        return mix(-4, full, smooth_step(-4, curly ? 18.0f : 11.0f, above));
    };
    ShellSpec spec;
    spec.low = is_long ? -hair.length - 20 : -90;
    if (is_long) spec.hang_below = -45;
    spec.hang_from = std::max(0.6f, hair.curtain - 0.2f);
    add_shell(head, spec, thickness, scene);
}

void add_headwear(const HeadShape& head, const HairTraits& hair, const Wear& wear, Scene& scene) {
    if (wear.headwear == Headwear::kNone) return;
    const float clear = 8 + std::min(hair.volume, 6.0f) * 1.6f;
    ShellSpec spec;
    spec.material = Material::kHeadwear;
    spec.low = -60;
    if (wear.headwear == Headwear::kScarf) {
        spec.low = -220;
        spec.hang_below = -60;
        spec.hang_from = 0.9f;
    }
    auto thickness = [&](float angle, float y, float x) {
        const float turn = std::abs(angle), fold = noise2(angle * 6, y / 30, 77);
        switch (wear.headwear) {
            case Headwear::kCap:
                return y > 50 - 8 * turn ? clear : -6.0f;
            case Headwear::kBeanie:
                return y > 42 - 14 * turn + 2 * fold ? clear + 2 * fold + std::sin(angle * 60) : -6.0f;
            case Headwear::kBand:
                return std::abs(y - 58 + 9 * turn) < 13 ? clear : -6.0f;
            default:
                break;
        }
        const float across = x / 64, along = (y + 20) / 92;
        const float opening = std::cos(angle) > 0 ? across * across + along * along - 1 : 1.0f;
        return mix(-6, 9 + 4 * fold, smooth_step(-0.05f, 0.25f, opening + 0.08f * fold));
    };
    add_shell(head, spec, thickness, scene);
    if (wear.headwear != Headwear::kCap) return;
    // The peak.
    constexpr int kRows = 8, kColumns = 32;
    const HeadShape::Row row = head.row(47);
    std::vector<Vertex> grid;
    for (int i = 0; i < kRows; ++i) {
        const float out = static_cast<float>(i) / (kRows - 1);
        for (int j = 0; j < kColumns; ++j) {
            const float angle = 1.15f * (2.0f * static_cast<float>(j) / (kColumns - 1) - 1.0f);
            Vec3 p = head.point(row, angle) + Vec3{0, 6, clear - 4};
            const float reach = 62 * (1 - 0.75f * angle * angle / 1.33f) * out;
            p += Vec3{0, -0.25f * reach - 7 * std::abs(angle), reach};
            grid.push_back({p, p, {}});
        }
    }
    scene.add_grid(grid, kRows, kColumns, false, Material::kHeadwear);
}

}  // namespace quantface
