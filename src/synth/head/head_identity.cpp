#include "synth/head/head_identity.h"

#include "synth/sampler.h"

namespace quantface {

namespace {

class Drawing {
  public:
    Drawing(uint64_t seed, uint64_t identity, const FaceTraits& face, const HeadModel& model)
        : sampler_(seed, combine_hash(identity, 0x3d)), face_(face), model_(model) {}

    HeadIdentity run() {
        draw_macro();
        draw_details();
        draw_skin();
        draw_eyes();
        draw_hair();
        return std::move(who_);
    }

  private:
    void add(const std::string& name, float weight) {
        const int target = model_.target(name);
        if (target >= 0 && std::abs(weight) > 1e-3f) who_.morphs.push_back({target, weight});
    }

    // MakeHuman's own scheme: products of shares of sex, age, origin, muscle and weight.
    void draw_macro() {
        const Ancestry& a = face_.ancestry;
        const float european = a.west + a.south;
        who_.origin = {a.african, a.east, european};
        const float male = saturate(0.5f + 0.62f * face_.masculinity);
        const float years = face_.age;
        float child = 0, young = 0, old = 0;
        if (years < 25) {
            child = saturate((25 - years) / 15);
            young = 1 - child;
        } else {
            old = saturate((years - 25) / 60);
            young = 1 - old;
        }
        const float muscle = saturate(sampler_.normal(0.5f + 0.1f * face_.masculinity, 0.2f));
        const float weight = saturate(sampler_.normal(0.5f, 0.24f));
        auto three = [](float x, float shares[3]) {
            shares[0] = saturate(1 - 2 * x);
            shares[2] = saturate(2 * x - 1);
            shares[1] = 1 - shares[0] - shares[2];
        };
        float muscles[3], weights[3];
        three(muscle, muscles);
        three(weight, weights);
        const char* muscle_names[3] = {"minmuscle", "averagemuscle", "maxmuscle"};
        const char* weight_names[3] = {"minweight", "averageweight", "maxweight"};
        const std::pair<const char*, float> ages[] = {{"child", child}, {"young", young}, {"old", old}};
        const std::pair<const char*, float> sexes[] = {{"female", 1 - male}, {"male", male}};
        const std::pair<const char*, float> origins[] = {
            {"african", a.african}, {"asian", a.east}, {"caucasian", european}};
        for (const auto& [sex, sex_share] : sexes) {
            for (const auto& [age, age_share] : ages) {
                const float share = sex_share * age_share;
                if (share < 1e-3f) continue;
                for (const auto& [origin, origin_share] : origins)
                    add(std::string("macrodetails/") + origin + "-" + sex + "-" + age, share * origin_share);
                for (int m = 0; m < 3; ++m) {
                    for (int w = 0; w < 3; ++w) {
                        add(std::string("macrodetails/universal-") + sex + "-" + age + "-" + muscle_names[m] +
                                "-" + weight_names[w],
                            share * muscles[m] * weights[w]);
                    }
                }
            }
        }
    }

    void draw_details() {
        for (const DetailGroup& group : model_.details()) {
            const bool fine = group.name.starts_with("nose/") || group.name.starts_with("mouth/");
            const float amount = std::abs(sampler_.normal(0, fine ? 0.33f : 0.44f));
            const auto pick = static_cast<size_t>(sampler_.below(static_cast<int>(group.targets.size())));
            const float jitter = sampler_.normal(0, 0.08f);
            // Most groups are pairs; a lone target, or one of many shapes, applies to some people only.
            if (group.targets.size() != 2 && sampler_.chance(0.5f)) continue;
            const float weight = std::min(amount, 1.1f);
            who_.morphs.push_back({group.targets[pick], std::max(0.0f, weight + jitter)});
            if (!group.mates.empty())
                who_.morphs.push_back({group.mates[pick], std::max(0.0f, weight - jitter)});
        }
        for (const DetailGroup& group : model_.asymmetries()) {
            const float amount = std::abs(sampler_.normal(0, 0.3f));
            const auto pick = static_cast<size_t>(sampler_.below(static_cast<int>(group.targets.size())));
            if (sampler_.chance(0.5f)) who_.morphs.push_back({group.targets[pick], amount});
        }
        who_.warp = sampler_.uniform(0.6f, 1.6f);
        who_.warp_seed = sampler_.seed32();
    }

    int draw_skin_map() {
        const auto& skins = model_.skins();
        std::vector<float> scores(skins.size());
        float sum = 0;
        const bool male = face_.masculinity > 0;
        for (size_t i = 0; i < skins.size(); ++i) {
            const float years = std::abs(skins[i].age - face_.age) / 25;
            const float tone = skins[i].dark ? face_.ancestry.african + 0.35f * face_.ancestry.south
                                             : 1 - 0.8f * face_.ancestry.african;
            scores[i] = std::exp(-years * years) * (skins[i].female == male ? 0.05f : 1.0f) * (0.03f + tone);
            sum += scores[i];
        }
        float pick = sampler_.uniform(0, sum);
        for (size_t i = 0; i < skins.size(); ++i) {
            pick -= scores[i];
            if (pick <= 0) return static_cast<int>(i);
        }
        return 0;
    }

    void draw_skin() {
        who_.skin_a = draw_skin_map();
        who_.skin_b = draw_skin_map();
        who_.skin_blend = sampler_.uniform(0, 1);
        who_.skin_contrast = sampler_.uniform(0.6f, 1.2f);
        who_.teeth_white = sampler_.uniform(0.6f, 0.95f);
    }

    int pick(AttachmentKind kind) {
        const std::vector<int>& all = model_.attachments(kind);
        return all.empty() ? -1 : all[static_cast<size_t>(sampler_.below(static_cast<int>(all.size())))];
    }

    void draw_eyes() {
        who_.eyes = pick(AttachmentKind::kEyes);
        who_.lashes = pick(AttachmentKind::kLashes);
        who_.brows = pick(AttachmentKind::kBrows);
        who_.brow_strength = std::clamp(face_.hair.brow_density * sampler_.uniform(1.0f, 3.0f), 0.3f, 3.0f);
        if (who_.eyes < 0) return;
        const Attachment& eyes = model_.asset().attachments[static_cast<size_t>(who_.eyes)];
        // Brown where the traits say so; the rest as they come.
        const bool brown = luminance(face_.skin.iris) < 0.08f;
        std::vector<size_t> fitting;
        for (const uint16_t texture : eyes.textures) {
            const std::string& name = model_.asset().textures[texture].name;
            if ((name.find("brown") != std::string::npos) == brown) fitting.push_back(texture);
        }
        if (fitting.empty()) fitting.assign(eyes.textures.begin(), eyes.textures.end());
        who_.iris_texture = fitting[static_cast<size_t>(sampler_.below(static_cast<int>(fitting.size())))];
    }

    int named(const char* name) const {
        const auto& all = model_.asset().attachments;
        for (size_t i = 0; i < all.size(); ++i) {
            if (all[i].name == name) return static_cast<int>(i);
        }
        return -1;
    }

    int one_of(std::initializer_list<const char*> names) {
        const auto at = static_cast<size_t>(sampler_.below(static_cast<int>(names.size())));
        return named(names.begin()[at]);
    }

    void draw_hair() {
        const HairTraits& h = face_.hair;
        who_.hair_colour = mix(h.colour, Vec3{0.5f, 0.49f, 0.48f}, h.grey);
        who_.brow_colour =
            mix(who_.hair_colour * 0.6f, Vec3{0.02f, 0.014f, 0.01f}, sampler_.uniform(0, 0.7f));
        who_.hair_kind = HairKind::kAttachment;
        switch (h.style) {
            case HairStyle::kBald:
                who_.hair_kind = HairKind::kNone;
                break;
            case HairStyle::kCropped:
                who_.hair_kind = HairKind::kShell;
                break;
            case HairStyle::kShort:
                who_.hair = one_of({"short02", "short03", "short04", "short02", "short04"});
                if (sampler_.chance(0.3f)) who_.hair_kind = HairKind::kShell;
                break;
            case HairStyle::kSwept:
                who_.hair = one_of({"short01", "short04", "short03", "Harvey_Hawk1"});
                break;
            case HairStyle::kFringe:
                who_.hair = one_of({"bob01", "bob02", "long2_alpha7", "short01", "junglebookhair"});
                break;
            case HairStyle::kCurly:
                who_.hair = one_of({"afro01", "curly", "curly2", "afro01"});
                break;
            case HairStyle::kLong:
                who_.hair = one_of({"long01", "long_alpha7", "long2_alpha7", "bob01", "bob02", "curly2",
                                    "Braid01", "junglebookhair"});
                break;
            case HairStyle::kTied:
                who_.hair = one_of({"ponytail01", "ponytail01", "Wig_bun_blonde", "minoan"});
                break;
        }
        if (who_.hair_kind == HairKind::kAttachment && who_.hair < 0) who_.hair_kind = HairKind::kShell;
        who_.hair_volume = sampler_.uniform(0.75f, 1.35f);
        who_.hair_length = sampler_.chance(0.5f) ? 1000.0f : sampler_.uniform(60, 200);
        who_.fringe = sampler_.chance(0.93f);
        who_.hair_opacity = sampler_.uniform(0.7f, 1.4f);
        who_.hairline = std::clamp(h.recession / 16 + sampler_.normal(0, 0.35f), -1.0f, 1.3f);
        if (h.beard > 0.4f) who_.beard = named("Full_beard");
        if (h.moustache > 0.6f) who_.moustache = named("Moustache");
    }

    static constexpr float kDetailSpread = 0.42f;

    Sampler sampler_;
    const FaceTraits& face_;
    const HeadModel& model_;
    HeadIdentity who_;
};

}  // namespace

HeadIdentity sample_head_identity(uint64_t seed, uint64_t identity, const FaceTraits& face,
                                  const HeadModel& model) {
    return Drawing(seed, identity, face, model).run();
}

}  // namespace quantface
