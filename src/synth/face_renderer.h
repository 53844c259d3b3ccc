// Synthetic aligned face photographs: a parametric 3-D head under random light, camera and sensor. Needs no
// data.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "faces/five_point_alignment.h"
#include "faces/image.h"

namespace quantface {

class HeadModel;

struct FaceRenderOptions {
    // The head to draw (synth/head/head_model.h); null: the simple built-in one.
    std::shared_ptr<const HeadModel> head;
    int size = 112;        // pixels, width and height; 16 to 1024
    int oversampling = 2;  // samples per pixel and axis, 1 to 4
    // False: no blur, noise or compression, for tests and pictures in documents.
    bool sensor_effects = true;
    // Side of what the picture shows, in sides of an aligned face: above 1 there is more around the face, as
    // in a photograph that was not cut out yet. 1 to 2.
    float span = 1;
};

// What the renderer knows about a picture.
struct FaceRenderInfo {
    std::array<std::array<float, 2>, 5> landmarks;  // pixels, in the order of the template
    float yaw = 0, pitch = 0;                       // degrees
};

// Views of one identity show the same person in other light, pose, expression, dress. Deterministic for
// (seed, identity, view, options). Throws Error(kUsage) where an option is out of range. Thread-safe.
Image render_face(uint64_t seed, uint64_t identity, uint64_t view, const FaceRenderOptions& options = {},
                  FaceRenderInfo* info = nullptr);

}  // namespace quantface
