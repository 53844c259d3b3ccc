#include "faces/detection_outputs.h"

#include <algorithm>
#include <cmath>

namespace quantface {

namespace {

struct Place {
    float x, y;
};

Place place_of(size_t cell, int columns) {
    const auto width = static_cast<size_t>(columns);
    return {static_cast<float>(cell % width), static_cast<float>(cell / width)};
}

void read_points(std::span<const float> points, const Place& place, float stride, DetectedFace& face) {
    for (size_t i = 0; i < face.landmarks.size(); ++i) {
        face.landmarks[i] = {(place.x + points[2 * i]) * stride, (place.y + points[2 * i + 1]) * stride};
    }
}

float overlap(const DetectedFace& a, const DetectedFace& b, float one) {
    const float width = std::min(a.left + a.width, b.left + b.width) - std::max(a.left, b.left) + one;
    const float height = std::min(a.top + a.height, b.top + b.height) - std::max(a.top, b.top) + one;
    if (width <= 0 || height <= 0) return 0;
    const auto area = [&](const DetectedFace& face) { return (face.width + one) * (face.height + one); };
    return width * height / (area(a) + area(b) - width * height);
}

}  // namespace

void add_scrfd_faces(const ScrfdOutput& output, int stride, int columns, float least_score,
                     std::vector<DetectedFace>& faces) {
    const auto size = static_cast<float>(stride);
    for (size_t row = 0; row < output.scores.size(); ++row) {
        if (!(output.scores[row] >= least_score)) continue;
        const Place place = place_of(row / kScrfdAnchors, columns);
        const std::span<const float> box = output.boxes.subspan(4 * row, 4);
        DetectedFace face;
        face.score = std::min(output.scores[row], 1.0f);
        face.left = (place.x - box[0]) * size;
        face.top = (place.y - box[1]) * size;
        face.width = (box[0] + box[2]) * size;
        face.height = (box[1] + box[3]) * size;
        read_points(output.points.subspan(10 * row, 10), place, size, face);
        faces.push_back(face);
    }
}

void add_yunet_faces(const YunetOutput& output, int stride, int columns, float least_score,
                     std::vector<DetectedFace>& faces) {
    const auto size = static_cast<float>(stride);
    for (size_t row = 0; row < output.cls.size(); ++row) {
        const float score =
            std::sqrt(std::clamp(output.cls[row], 0.0f, 1.0f) * std::clamp(output.obj[row], 0.0f, 1.0f));
        if (!(score >= least_score)) continue;
        const Place place = place_of(row, columns);
        const std::span<const float> box = output.boxes.subspan(4 * row, 4);
        DetectedFace face;
        face.score = score;
        face.width = std::exp(box[2]) * size;
        face.height = std::exp(box[3]) * size;
        face.left = (place.x + box[0]) * size - face.width / 2;
        face.top = (place.y + box[1]) * size - face.height / 2;
        read_points(output.points.subspan(10 * row, 10), place, size, face);
        faces.push_back(face);
    }
}

std::vector<DetectedFace> without_duplicates(std::vector<DetectedFace> faces, float most_overlap,
                                             bool pixel_sides) {
    std::stable_sort(faces.begin(), faces.end(),
                     [](const DetectedFace& a, const DetectedFace& b) { return a.score > b.score; });
    std::vector<DetectedFace> kept;
    for (const DetectedFace& face : faces) {
        const auto same = [&](const DetectedFace& other) {
            return overlap(face, other, pixel_sides ? 1.0f : 0.0f) > most_overlap;
        };
        if (std::none_of(kept.begin(), kept.end(), same)) kept.push_back(face);
    }
    return kept;
}

}  // namespace quantface
