// What camera and file do to the light: exposure, colour, blur, noise, compression.
#pragma once

#include <vector>

#include "faces/image.h"
#include "synth/vec.h"
#include "synth/view_traits.h"

namespace quantface {

// A picture of floats, RGB, rows from the top.
struct FloatImage {
    int size = 0;  // width and height
    std::vector<Vec3> pixels;

    Vec3& at(int x, int y) { return pixels[static_cast<size_t>(y * size + x)]; }
    const Vec3& at(int x, int y) const { return pixels[static_cast<size_t>(y * size + x)]; }
};

// Linear light, 1 the sensor's full scale, to display-referred values in about [0, 1].
Vec3 develop(const Vec3& linear, const SensorTraits& sensor);

// Blur, resampling, noise, sharpening and compression of a developed picture.
Image expose(FloatImage picture, const SensorTraits& sensor);

// In place: the loss of JPEG coding at a quality of 1 to 100 (ITU-T T.81, example tables of annex K, scaled
// as the Independent JPEG Group does), with colours halved in resolution. Values 0 to 1.
void compress_like_jpeg(FloatImage& picture, int quality, int offset_x, int offset_y);

}  // namespace quantface
