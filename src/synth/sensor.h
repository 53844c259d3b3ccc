// What camera and file do to the light: exposure, colour, blur, noise, compression.
#pragma once

#include <array>
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

// What a camera makes of light: white balance, a film-like shoulder, gamma, contrast, saturation.
class Development {
  public:
    explicit Development(const SensorTraits& sensor);
    // Linear light, 1 the sensor's full scale, to display-referred values in [0, 1].
    Vec3 operator()(const Vec3& linear) const;

  private:
    static constexpr int kSteps = 256;
    static constexpr float kMost = 2;  // square root of the brightest light in the table

    Vec3 white_balance_;
    float saturation_;
    std::array<float, kSteps + 2> curve_{};  // by the square root of the light, kSteps / kMost to a unit
};

// Blur, resampling, noise, sharpening and compression of a developed picture.
Image expose(FloatImage picture, const SensorTraits& sensor);

// In place: the loss of JPEG coding at a quality of 1 to 100 (ITU-T T.81, example tables of annex K, scaled
// as the Independent JPEG Group does), with colours halved in resolution. Values 0 to 1.
void compress_like_jpeg(FloatImage& picture, int quality, int offset_x, int offset_y);

}  // namespace quantface
