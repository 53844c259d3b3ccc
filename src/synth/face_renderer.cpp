#include "synth/face_renderer.h"

#include "base/error.h"
#include "synth/background.h"
#include "synth/built_in/built_in_renderer.h"
#include "synth/head/head_renderer.h"
#include "synth/lit_picture.h"
#include "synth/sensor.h"

namespace quantface {

namespace {

// What blur will smooth over anyway needs no second sample.
FaceRenderOptions soften(const FaceRenderOptions& options, const ViewTraits& view) {
    FaceRenderOptions softened = options;
    const SensorTraits& s = view.sensor;
    const float variance =
        s.defocus * s.defocus + 0.18f * (s.downsample * s.downsample - 1) + s.motion * s.motion / 12;
    if (options.sensor_effects && options.oversampling == 2 && variance > 0.16f) softened.oversampling = 1;
    return softened;
}

}  // namespace

Image render_face(uint64_t seed, uint64_t identity, uint64_t view_index, const FaceRenderOptions& options,
                  FaceRenderInfo* info) {
    if (options.size < 16 || options.size > 1024)
        fail_usage("rendered faces: the size must be 16 to 1024 pixels");
    if (options.oversampling < 1 || options.oversampling > 4)
        fail_usage("rendered faces: oversampling must be 1 to 4");
    if (!(options.span >= 1 && options.span <= 2)) fail_usage("rendered faces: the span must be 1 to 2");
    const FaceTraits face = sample_face_traits(seed, identity);
    ViewTraits view = sample_view_traits(seed, identity, view_index, face);
    view.scale /= options.span;
    const LitPicture lit = options.head != nullptr ? draw_head(*options.head, seed, identity, face, view,
                                                               soften(options, view), info)
                                                   : draw_built_in_head(face, view, options, info);

    // Cameras expose for the face, though not fully: dark skin stays darker.
    const float exposure = view.sensor.exposure / (std::pow(lit.skin_level, 0.72f) * std::pow(0.3f, 0.28f));
    FloatImage picture{options.size, render_background(options.size, view.background_seed, lit.open)};
    for (size_t i = 0; i < picture.pixels.size(); ++i) picture.pixels[i] = picture.pixels[i] * lit.open[i];
    const Development development(view.sensor);
    for (const LitPatch& patch : lit.patches)
        picture.pixels[patch.pixel] += development(patch.light * exposure) * patch.share;
    if (info != nullptr) {
        info->yaw = view.pose.yaw * 180 / kPi;
        info->pitch = view.pose.pitch * 180 / kPi;
    }
    SensorTraits sensor = view.sensor;
    if (!options.sensor_effects) {
        sensor.vignette = sensor.defocus = sensor.motion = sensor.noise = sensor.sharpen = 0;
        sensor.downsample = 1;
        sensor.jpeg_quality = 0;
    }
    return expose(std::move(picture), sensor);
}

}  // namespace quantface
