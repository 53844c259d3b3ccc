#include "faces/landmark_network.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace quantface {

// faces/landmarks.onnx, embedded by the build.
extern const unsigned char kLandmarksOnnx[];
extern const size_t kLandmarksOnnxBytes;

namespace {

// As tools/face_landmarks/train.py has them.
constexpr int kInputSide = 64;
constexpr double kSquareMiddleX = 56.5, kSquareMiddleY = 72,
                 kSquareSide = 108;  // pixels of the 112-pixel crop
constexpr double kBoxFactor = 1.2;
constexpr std::array<size_t, 5> kMirrored = {1, 0, 2, 4, 3};

// The pixels of the square, which reach beyond the picture as its edge.
cv::Mat cut(const cv::Mat& luma, cv::Point2d middle, cv::Point2d right) {
    // A square much larger than the network's input is shrunk by area first.
    const double ratio = 2 * std::hypot(right.x, right.y) / kInputSide;
    cv::Mat source = luma;
    if (ratio > 1.8) {
        const double factor = 1.4 / ratio;
        const cv::Size size(std::max(1, static_cast<int>(std::lround(luma.cols * factor))),
                            std::max(1, static_cast<int>(std::lround(luma.rows * factor))));
        cv::resize(luma, source, size, 0, 0, cv::INTER_AREA);
        const double x = static_cast<double>(size.width) / luma.cols;
        const double y = static_cast<double>(size.height) / luma.rows;
        middle = {(middle.x + 0.5) * x - 0.5, (middle.y + 0.5) * y - 0.5};
        right = {right.x * x, right.y * y};
    }
    // From the crop's pixels to the picture's; the second axis is the first one turned by a right angle.
    const double unit = 2.0 / kInputSide, first = 1.0 / kInputSide - 1;
    const cv::Point2d corner(middle.x + first * (right.x - right.y), middle.y + first * (right.y + right.x));
    const cv::Mat back = (cv::Mat_<double>(2, 3) << unit * right.x, -unit * right.y, corner.x, unit * right.y,
                          unit * right.x, corner.y);
    cv::Mat crop;
    cv::warpAffine(source, crop, back, cv::Size(kInputSide, kInputSide),
                   cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
    return crop;
}

// Less its mean, in units of its deviation and a little more.
cv::Mat to_input(const cv::Mat& crop) {
    cv::Scalar mean, deviation;
    cv::meanStdDev(crop, mean, deviation);
    return cv::dnn::blobFromImage(crop, 1 / (deviation[0] + 4), cv::Size(), mean);
}

}  // namespace

LandmarkNetwork::LandmarkNetwork()
    : network_("the built-in landmark network", {kLandmarksOnnx, kLandmarksOnnx + kLandmarksOnnxBytes}) {}

FivePoints LandmarkNetwork::look(const cv::Mat& luma, const Square& square) const {
    const cv::Mat crop = cut(luma, square.middle, square.right);
    cv::Mat mirror;
    cv::flip(crop, mirror, 1);
    const cv::Mat plain = network_.run(to_input(crop))[0], other = network_.run(to_input(mirror))[0];
    const float *a = plain.ptr<float>(), *b = other.ptr<float>();
    FivePoints landmarks;
    for (size_t i = 0; i < 5; ++i) {
        const size_t j = kMirrored[i];
        const double x = (a[2 * i] - b[2 * j]) / 2, y = (a[2 * i + 1] + b[2 * j + 1]) / 2;
        landmarks[i] = {static_cast<float>(square.middle.x + x * square.right.x - y * square.right.y),
                        static_cast<float>(square.middle.y + x * square.right.y + y * square.right.x)};
    }
    return landmarks;
}

FivePoints LandmarkNetwork::find(const cv::Mat& luma, const cv::Rect2d& box) const {
    const cv::Point2d middle(box.x + (box.width - 1) / 2, box.y + (box.height - 1) / 2);
    const FivePoints first = look(luma, {middle, {kBoxFactor * (box.width + box.height) / 4, 0}});
    const Similarity to_picture = similarity_between(kArcFaceTemplate, first);
    const auto at =
        to_picture.apply({static_cast<float>(kSquareMiddleX), static_cast<float>(kSquareMiddleY)});
    const double half = kSquareSide / 2;
    // A first look that has gone astray says so by a face of quite another size than its box.
    const double scale = to_picture.scale() * kSquareSide / (kBoxFactor * (box.width + box.height) / 2);
    if (!(scale > 0.4 && scale < 2.5)) return first;
    return look(luma, {{at[0], at[1]}, {half * to_picture.a, half * to_picture.b}});
}

}  // namespace quantface
