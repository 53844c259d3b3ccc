// The parts of a portrait as meshes: head and ears, hair and hats, glasses, mask, clothes.
#pragma once

#include "synth/built_in/head_shape.h"
#include "synth/face_traits.h"
#include "synth/scene.h"
#include "synth/view_traits.h"

namespace quantface {

void add_head(const HeadShape& head, Scene& scene);
void add_ears(const HeadShape& head, Scene& scene);

void add_hair(const HeadShape& head, const HairTraits& hair, const ViewTraits& view, Scene& scene);
void add_headwear(const HeadShape& head, const HairTraits& hair, const Wear& wear, Scene& scene);

// What glasses need to know of a head; millimetres.
struct GlassesFit {
    float eye_half_distance;
    float front;  // z of the panes between the eyes
    float ear_half_width, ear_y, ear_z;
};
GlassesFit glasses_fit(const HeadShape& head);
void add_glasses_frame(const GlassesFit& fit, const HabitTraits& habits, Scene& scene);
// The panes alone: they are drawn over the finished picture, see-through.
void add_lenses(const GlassesFit& fit, const HabitTraits& habits, Scene& scene);
void add_mask(const HeadShape& head, Scene& scene);
void add_occluder(const Wear& wear, Scene& scene);
void add_clothes(const HeadShape& head, Scene& scene);

}  // namespace quantface
