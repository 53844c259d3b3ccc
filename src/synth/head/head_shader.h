// What each point of a portrait's pieces looks like.
#pragma once

#include <array>
#include <vector>

#include "synth/head/head_scene.h"
#include "synth/surface.h"

namespace quantface {

// A fragment of a piece: the triangle and the weights of its second and third corner.
struct PiecePoint {
    uint32_t triangle = 0;
    float weight_b = 0, weight_c = 0;
};

class HeadShader {
  public:
    HeadShader(const HeadModel& model, const HeadIdentity& who, const FaceTraits& face,
               const ViewTraits& view);

    // The normal is in the camera's frame and faces the camera where the piece is two-sided.
    Surface at(const Piece& piece, const PiecePoint& point) const;
    // Where one triangle of a piece with holes is solid.
    class Holes {
      public:
        // dither: how far chance decides half-transparent hair, 1 with several samples to a pixel; with one,
        // whose speckles nothing averages, less.
        Holes(const Piece& piece, uint32_t triangle, float dither);
        // x, y: the sample, which decides half-transparent places.
        bool solid(float weight_b, float weight_c, int x, int y) const;

      private:
        const Piece* piece_;
        float dither_;
        Vec3 coverage_, u_, v_;  // at the first corner, and what the second and third add
    };

    static Vec3 position(const Piece& piece, const PiecePoint& point);

  private:
    struct Mole {
        Uv place;
        float radius, strength;
    };

    Surface skin(const Piece& piece, const PiecePoint& point, HeadPart part) const;
    void add_hair_on_skin(const std::array<float, kMaskCount>& masks, const Vec3& canonical, float fine,
                          Surface& surface) const;
    Surface eye(const Piece& piece, const PiecePoint& point) const;
    Surface strands(const Piece& piece, const PiecePoint& point) const;
    Surface shell(const Piece& piece, const PiecePoint& point) const;
    Surface cloth(const Piece& piece, const PiecePoint& point) const;
    Surface other(const Piece& piece, const PiecePoint& point) const;

    const HeadModel& model_;
    const HeadIdentity& who_;
    const FaceTraits& face_;
    const ViewTraits& view_;
    // Base-2 logarithm of the skin's colour, and what one unit of melanin and of blood adds to it.
    Vec3 base_, melanin_, blood_;
    std::array<Mole, 6> moles_{};
};

}  // namespace quantface
