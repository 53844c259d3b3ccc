// Colour and gloss of the face at each canonical point: skin, lips, brows, beard, eyes, teeth.
#pragma once

#include <array>

#include "synth/built_in/head_shape.h"
#include "synth/face_traits.h"
#include "synth/surface.h"

namespace quantface {

class SkinMaterial {
  public:
    SkinMaterial(const FaceTraits& face, const HeadShape& head);

    // canonical: see HeadShape; normal: of the mesh there.
    Surface at(const Vec3& canonical, const Vec3& normal) const;
    // Ears: skin without a face on it.
    Surface plain(const Vec3& canonical, const Vec3& normal) const;

  private:
    Surface skin(const Vec3& p, const Vec3& normal) const;
    void add_spots(const Vec3& p, float& melanin, float& blood) const;
    void add_wrinkles(const Vec3& p, Surface& surface) const;
    void add_eye_surroundings(const EyePosition& eye, const Vec3& p, Surface& surface) const;
    void add_brow(const Vec3& p, Surface& surface) const;
    void add_beard(const Vec3& p, const MouthSection& mouth, Surface& surface) const;
    void add_scalp_hair(const Vec3& p, Surface& surface) const;
    void add_lips(const Vec3& p, const MouthSection& mouth, Surface& surface) const;
    Surface eyeball(const EyePosition& eye) const;
    Surface inside_mouth(const Vec3& p, const MouthSection& mouth) const;

    static constexpr int kMaxMoles = 6;
    struct Mole {
        float x, y, radius, strength;
    };

    const FaceTraits& face_;
    const HeadShape& head_;
    Vec3 hair_colour_;
    std::array<Mole, kMaxMoles> moles_{};
};

}  // namespace quantface
