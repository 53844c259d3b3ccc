#include "faces/five_point_alignment.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"

namespace quantface {

namespace {

FivePoints scaled(const FivePoints& points, double factor_x, double factor_y) {
    FivePoints result;
    for (size_t i = 0; i < points.size(); ++i) {
        result[i] = {static_cast<float>((points[i][0] + 0.5) * factor_x - 0.5),
                     static_cast<float>((points[i][1] + 0.5) * factor_y - 0.5)};
    }
    return result;
}

}  // namespace

FivePoints arcface_template(int side) {
    return scaled(kArcFaceTemplate, side / 112.0, side / 112.0);
}

double Similarity::scale() const {
    return std::hypot(a, b);
}

std::array<float, 2> Similarity::apply(const std::array<float, 2>& point) const {
    const double x = point[0], y = point[1];
    return {static_cast<float>(a * x - b * y + shift_x), static_cast<float>(b * x + a * y + shift_y)};
}

Similarity similarity_between(const FivePoints& from, const FivePoints& to) {
    std::array<double, 2> from_mean{}, to_mean{};
    for (size_t i = 0; i < from.size(); ++i) {
        for (size_t axis = 0; axis < 2; ++axis) {
            from_mean[axis] += from[i][axis] / 5.0;
            to_mean[axis] += to[i][axis] / 5.0;
        }
    }
    double real = 0, imaginary = 0, square = 0;
    for (size_t i = 0; i < from.size(); ++i) {
        const double px = from[i][0] - from_mean[0], py = from[i][1] - from_mean[1];
        const double qx = to[i][0] - to_mean[0], qy = to[i][1] - to_mean[1];
        real += px * qx + py * qy;
        imaginary += px * qy - py * qx;
        square += px * px + py * py;
    }
    Similarity result;
    result.a = square > 0 ? real / square : 0;
    result.b = square > 0 ? imaginary / square : 0;
    result.shift_x = to_mean[0] - (result.a * from_mean[0] - result.b * from_mean[1]);
    result.shift_y = to_mean[1] - (result.b * from_mean[0] + result.a * from_mean[1]);
    return result;
}

namespace {

Image warped(const Image& source, const Similarity& warp, int side) {
    constexpr int kMostPixels = 32766;
    if (source.height > kMostPixels || source.width > kMostPixels) {
        fail_bad_input("the image is too long to align: a side of more than 32766 pixels; cut it first");
    }
    const cv::Mat matrix =
        (cv::Mat_<double>(2, 3) << warp.a, -warp.b, warp.shift_x, warp.b, warp.a, warp.shift_y);
    const cv::Mat from(source.height, source.width, CV_8UC3, const_cast<uint8_t*>(source.rgb.data()));
    Image result{side, side, std::vector<uint8_t>(static_cast<size_t>(side) * static_cast<size_t>(side) * 3)};
    cv::Mat to(side, side, CV_8UC3, result.rgb.data());
    cv::warpAffine(from, to, matrix, to.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT, cv::Scalar::all(0));
    QF_CHECK(to.data == result.rgb.data());
    return result;
}

}  // namespace

Image aligned_face(const Image& image, const FivePoints& landmarks, int side, WarpSampling sampling) {
    QF_CHECK(side > 0 && image.height > 0 && image.width > 0);
    const FivePoints target = arcface_template(side);
    const Similarity warp = similarity_between(landmarks, target);
    const double most_enlarged = side / 4.0;
    if (!(warp.scale() > 0) || !(warp.scale() < most_enlarged) || !std::isfinite(warp.shift_x) ||
        !std::isfinite(warp.shift_y)) {
        fail_bad_input("the five landmarks are no face: they lie in one place or are not finite");
    }
    if (sampling == WarpSampling::kPlain || warp.scale() >= 1) return warped(image, warp, side);
    const int height = std::max(1, static_cast<int>(std::lround(image.height * warp.scale())));
    const int width = std::max(1, static_cast<int>(std::lround(image.width * warp.scale())));
    const double factor_x = static_cast<double>(width) / image.width;
    const double factor_y = static_cast<double>(height) / image.height;
    return warped(resized(image, height, width),
                  similarity_between(scaled(landmarks, factor_x, factor_y), target), side);
}

FivePoints ffhq_landmarks() {
    // The rule: the picture is a square whose axes follow the eyes, centred a tenth of the way from the eyes
    // to the mouth; half its side is the greater of 2 eye distances and 1.8 distances of eyes to mouth. The
    // template's face is upright but for a fraction of a degree.
    const FivePoints& points = kArcFaceTemplate;
    const double eyes_x = (points[0][0] + points[1][0]) / 2, eyes_y = (points[0][1] + points[1][1]) / 2;
    const double mouth_x = (points[3][0] + points[4][0]) / 2, mouth_y = (points[3][1] + points[4][1]) / 2;
    const double eye_distance = std::hypot(points[1][0] - points[0][0], points[1][1] - points[0][1]);
    const double mouth_distance = std::hypot(mouth_x - eyes_x, mouth_y - eyes_y);
    const double side = 2 * std::max(2 * eye_distance, 1.8 * mouth_distance);
    const double centre_x = eyes_x + 0.1 * (mouth_x - eyes_x);
    const double centre_y = eyes_y + 0.1 * (mouth_y - eyes_y);
    FivePoints fractions;
    for (size_t i = 0; i < points.size(); ++i) {
        fractions[i] = {static_cast<float>(0.5 + (points[i][0] - centre_x) / side),
                        static_cast<float>(0.5 + (points[i][1] - centre_y) / side)};
    }
    return fractions;
}

FivePoints to_pixels(const FivePoints& fractions, int height, int width) {
    FivePoints pixels;
    for (size_t i = 0; i < fractions.size(); ++i) {
        pixels[i] = {fractions[i][0] * static_cast<float>(width) - 0.5f,
                     fractions[i][1] * static_cast<float>(height) - 0.5f};
    }
    return pixels;
}

}  // namespace quantface
