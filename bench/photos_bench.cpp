// How well detectors find faces and landmarks in photographs whose landmarks are known.
//   photos_bench NAMES PHOTOS [DETECTOR.onnx]...
// NAMES: lines "name x1 y1 ... x5 y5 score", as lists of the IJB layout have them, or "-" where no landmarks
// are known; PHOTOS: their folder. Measures the built-in detector and each one named: the share of
// photographs with a face, distances of landmarks to the known ones in pixels of the photograph and of the
// 112-pixel crop that the known ones align to, distances between the two crops' corners (what the network
// sees of it), milliseconds a photograph on one thread (OpenCV's own threads aside).
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "faces/face_detector.h"
#include "faces/sources.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

struct Photo {
    std::string name;
    std::optional<FivePoints> landmarks;
};

std::vector<Photo> read_photos(const std::string& names, const fs::path& folder) {
    std::vector<Photo> photos;
    if (names == "-") {
        for (const std::string& name : list_images(folder)) photos.push_back({name, std::nullopt});
        return photos;
    }
    std::ifstream file(names);
    std::string line;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        Photo photo;
        FivePoints points{};
        words >> photo.name;
        for (auto& point : points) words >> point[0] >> point[1];
        if (!words) fail_bad_input(names + ": a line is not 'name x1 y1 ... x5 y5 score'");
        photo.landmarks = points;
        photos.push_back(photo);
    }
    if (photos.empty()) fail_bad_input(names + ": no photographs in it");
    return photos;
}

double distance(const std::array<float, 2>& a, const std::array<float, 2>& b) {
    return std::hypot(a[0] - b[0], a[1] - b[1]);
}

struct Distances {
    std::vector<double> photo, crop, corners;

    void add(const FivePoints& known, const FivePoints& found) {
        const Similarity right = similarity_between(known, kArcFaceTemplate);
        const Similarity ours = similarity_between(found, kArcFaceTemplate);
        for (size_t i = 0; i < known.size(); ++i) {
            photo.push_back(distance(known[i], found[i]));
            crop.push_back(distance(right.apply(known[i]), right.apply(found[i])));
        }
        // Where the crop's corners would be, seen from the crop that the known landmarks give.
        for (const float x : {0.0f, 111.0f}) {
            for (const float y : {0.0f, 111.0f}) corners.push_back(corner_distance(right, ours, {x, y}));
        }
    }

    static double corner_distance(const Similarity& right, const Similarity& ours,
                                  const std::array<float, 2>& corner) {
        const double square = ours.a * ours.a + ours.b * ours.b;
        const double x = corner[0] - ours.shift_x, y = corner[1] - ours.shift_y;
        const std::array<float, 2> in_photo = {static_cast<float>((ours.a * x + ours.b * y) / square),
                                               static_cast<float>((ours.a * y - ours.b * x) / square)};
        return distance(right.apply(in_photo), corner);
    }
};

void print_distances(const char* what, std::vector<double> values) {
    if (values.empty()) return;
    double sum = 0;
    for (const double value : values) sum += value;
    std::sort(values.begin(), values.end());
    std::printf("  %-44s mean %.3f, median %.3f, 99th percentile %.3f\n", what,
                sum / static_cast<double>(values.size()), values[values.size() / 2],
                values[values.size() * 99 / 100]);
}

void measure(const std::string& name, const FaceDetector& detector, const std::vector<Photo>& photos,
             const fs::path& folder) {
    int64_t found = 0, several = 0;
    double seconds = 0;
    Distances distances;
    for (const Photo& photo : photos) {
        const Image image = read_image(folder / photo.name);
        const auto start = std::chrono::steady_clock::now();
        const std::vector<DetectedFace> faces = detector.faces(image);
        seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (faces.size() > 1) ++several;
        const DetectedFace* face = centred_face(faces, image.height, image.width);
        if (face == nullptr) continue;
        ++found;
        if (photo.landmarks) distances.add(*photo.landmarks, face->landmarks);
    }
    const auto count = static_cast<double>(photos.size());
    std::printf("%s: %.2f %% of %zu photographs with a face, %.2f %% with several, %.1f ms each\n",
                name.c_str(), 100.0 * static_cast<double>(found) / count, photos.size(),
                100.0 * static_cast<double>(several) / count, 1e3 * seconds / count);
    print_distances("landmarks, pixels of the photograph:", distances.photo);
    print_distances("landmarks, pixels of the 112-pixel crop:", distances.crop);
    print_distances("the crop's corners, its pixels:", distances.corners);
    std::fflush(stdout);
}

int run(const std::vector<std::string>& arguments) {
    if (arguments.size() < 3) fail_usage("photos_bench NAMES|- PHOTOS [DETECTOR.onnx]...");
    const fs::path folder = arguments[2];
    const std::vector<Photo> photos = read_photos(arguments[1], folder);
    for (size_t i = 3; i < arguments.size(); ++i) {
        measure(fs::path(arguments[i]).filename().string(), FaceDetector::open(arguments[i]), photos, folder);
    }
    measure("built-in", FaceDetector::built_in(), photos, folder);
    return 0;
}

}  // namespace
}  // namespace quantface

int main(int argc, char** argv) {
    try {
        return quantface::run({argv, argv + argc});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "photos_bench: %s\n", error.what());
        return 1;
    }
}
