// Aligning a face by five landmarks: the template of the field, and the warp onto it.
#pragma once

#include <array>

#include "faces/image.h"

namespace quantface {

// Eyes (image left, right), nose tip, corners of the mouth (left, right): x and y, y downward.
using FivePoints = std::array<std::array<float, 2>, 5>;

// The five-point ArcFace template for 112 x 112 pixels (Deng et al., arXiv 1801.07698, as published with
// InsightFace); pixel centres at whole numbers.
inline constexpr FivePoints kArcFaceTemplate = {{{38.2946f, 51.6963f},
                                                 {73.5318f, 51.5014f},
                                                 {56.0252f, 71.7366f},
                                                 {41.5493f, 92.3655f},
                                                 {70.7299f, 92.2041f}}};

// The template for side x side pixels: scaling a picture keeps its edges in place, not its pixel centres.
FivePoints arcface_template(int side);

// z -> (a + ib) z + (shift_x + i shift_y) on x + iy: turn, scale and shift.
struct Similarity {
    double a = 1, b = 0, shift_x = 0, shift_y = 0;

    double scale() const;
    std::array<float, 2> apply(const std::array<float, 2>& point) const;
};

// The least-squares similarity transform without reflection (Umeyama, PAMI 1991). Where all points of `from`
// are one, its scale is 0.
Similarity similarity_between(const FivePoints& from, const FivePoints& to);

// How the warp takes a picture that it shrinks.
enum class WarpSampling {
    kPlain,        // four pixels for each of its own, however many it passes over: as the field does it
    kShrinkFirst,  // the picture is shrunk by area first, so that nothing between the four is lost
};

// The face with these landmarks (pixels of the image, centres at whole numbers) warped onto the template of
// side x side pixels. What lies outside the image is black.
//
// kPlain is what InsightFace's alignment gives (skimage's SimilarityTransform, then OpenCV's warpAffine from
// the photograph itself, bilinear, black border): the same transform to rounding, and for equal transforms
// the same pixels. Networks are trained on and benchmarks made of such crops. Sides other than 112 scale the
// template about the picture's corner (arcface_template), where InsightFace scales about the first pixel's
// centre: half a pixel apart at 224.
//
// Throws Error(kBadInput) where the landmarks are no face: not finite, in one place, or so close together
// that the crop would show less than 4 pixels of the image; and where a side of the image has more than
// 32,766 pixels, which OpenCV's warp does not take.
Image aligned_face(const Image& image, const FivePoints& landmarks, int side,
                   WarpSampling sampling = WarpSampling::kPlain);

// Where a face with the template's proportions has its landmarks in a picture cropped as FFHQ's (Karras et
// al., arXiv 1812.04948, recreate_aligned_images of its published script), as fractions of the picture's side
// from its edges.
FivePoints ffhq_landmarks();

// Fractions of the image's sides to its pixels.
FivePoints to_pixels(const FivePoints& fractions, int height, int width);

}  // namespace quantface
