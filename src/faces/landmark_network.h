// The five landmarks of a face whose box is known, by a small network of our own that was trained on rendered
// faces alone (tools/face_landmarks).
#pragma once

#include <opencv2/core.hpp>

#include "faces/face_detector.h"
#include "faces/shared_network.h"

namespace quantface {

class LandmarkNetwork {
  public:
    LandmarkNetwork();

    // In pixels of the picture, centres at whole numbers. luma: the picture, one byte a pixel. The box as
    // dlib's detector places it. Looks twice: at the box, then at the face as the first look would align it;
    // each time at the mirror image, too. Thread-safe.
    FivePoints find(const cv::Mat& luma, const cv::Rect2d& box) const;

  private:
    // A square that may be turned: its middle, and the vector from there to the middle of its right edge.
    struct Square {
        cv::Point2d middle, right;
    };
    FivePoints look(const cv::Mat& luma, const Square& square) const;

    SharedNetwork network_;
};

}  // namespace quantface
