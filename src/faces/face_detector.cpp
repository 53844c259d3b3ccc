#include "faces/face_detector.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace quantface {

namespace {

bool is_sound(const DetectedFace& face) {
    bool finite = std::isfinite(face.left) && std::isfinite(face.top) && std::isfinite(face.width) &&
                  std::isfinite(face.height) && std::isfinite(face.score);
    for (const auto& point : face.landmarks)
        finite = finite && std::isfinite(point[0]) && std::isfinite(point[1]);
    return finite && face.width > 0 && face.height > 0;
}

Image padded(const Image& image, int above, int beside) {
    const auto pixels = [](int count) { return static_cast<size_t>(count); };
    Image result{image.height + 2 * above, image.width + 2 * beside, {}};
    result.rgb.resize(pixels(result.height) * pixels(result.width) * 3);
    for (int row = 0; row < image.height; ++row) {
        std::copy_n(image.rgb.begin() + 3 * ptrdiff_t{row} * image.width, 3 * ptrdiff_t{image.width},
                    result.rgb.begin() + 3 * (ptrdiff_t{row + above} * result.width + beside));
    }
    return result;
}

template <typename Value>
const DetectedFace* greatest(const std::vector<DetectedFace>& faces, const Value& value) {
    const auto best =
        std::max_element(faces.begin(), faces.end(),
                         [&](const DetectedFace& a, const DetectedFace& b) { return value(a) < value(b); });
    return best == faces.end() ? nullptr : &*best;
}

double area(const DetectedFace& face) {
    return double{face.width} * face.height;
}

}  // namespace

FaceDetector::FaceDetector(std::unique_ptr<FaceFinder> finder) : finder_(std::move(finder)) {
    QF_CHECK(finder_ != nullptr);
}

std::vector<DetectedFace> FaceDetector::faces(const Image& image) const {
    QF_CHECK(image.height > 0 && image.width > 0);
    std::vector<DetectedFace> found = finder_->find(image);
    std::erase_if(found, [](const DetectedFace& face) { return !is_sound(face); });
    if (found.empty()) {
        const int above = (image.height + 1) / 2, beside = (image.width + 1) / 2;
        found = finder_->find(padded(image, above, beside));
        std::erase_if(found, [](const DetectedFace& face) { return !is_sound(face); });
        for (DetectedFace& face : found) {
            face.left -= static_cast<float>(beside);
            face.top -= static_cast<float>(above);
            for (auto& point : face.landmarks) {
                point = {point[0] - static_cast<float>(beside), point[1] - static_cast<float>(above)};
            }
        }
    }
    std::sort(found.begin(), found.end(), [](const DetectedFace& a, const DetectedFace& b) {
        return std::pair(-a.score, std::pair(a.left, a.top)) < std::pair(-b.score, std::pair(b.left, b.top));
    });
    return found;
}

const DetectedFace* largest_face(const std::vector<DetectedFace>& faces) {
    return greatest(faces, area);
}

const DetectedFace* centred_face(const std::vector<DetectedFace>& faces, int height, int width) {
    return greatest(faces, [&](const DetectedFace& face) {
        const double x = face.left + face.width / 2.0 - width / 2.0;
        const double y = face.top + face.height / 2.0 - height / 2.0;
        return area(face) - 2 * (x * x + y * y);
    });
}

}  // namespace quantface
