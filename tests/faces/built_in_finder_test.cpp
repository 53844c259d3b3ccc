// The built-in detector on rendered faces, whose landmarks are known, and on photographs where they are at
// hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <thread>

#include "faces/face_detector.h"
#include "faces/sources.h"
#include "support/real_material.h"
#include "synth/face_renderer.h"
#include "synth/head/head_model.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

double mean_distance(const FivePoints& a, const FivePoints& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += std::hypot(a[i][0] - b[i][0], a[i][1] - b[i][1]) / 5;
    return sum;
}

double eye_distance(const FivePoints& points) {
    return std::hypot(points[1][0] - points[0][0], points[1][1] - points[0][1]);
}

// The picture somewhere in a larger one of a plain colour.
Image pasted(const Image& picture, int left, int top, int height, int width) {
    Image large{height, width, std::vector<uint8_t>(static_cast<size_t>(height * width * 3), 90)};
    for (int y = 0; y < picture.height; ++y) {
        std::copy_n(picture.rgb.begin() + 3 * ptrdiff_t{y} * picture.width, 3 * ptrdiff_t{picture.width},
                    large.rgb.begin() + 3 * (ptrdiff_t{y + top} * width + left));
    }
    return large;
}

struct Rendered {
    Image image;
    FivePoints landmarks;
};

// Faces looking more or less ahead, as detectors of frontal faces are made for.
std::vector<Rendered> frontal_faces(int count) {
    FaceRenderOptions options;
    options.head = installed_head_model();
    options.size = 260;
    options.span = 1.5;
    std::vector<Rendered> faces;
    for (uint64_t identity = 0; static_cast<int>(faces.size()) < count; ++identity) {
        FaceRenderInfo info{};
        Image image = render_face(4711, identity, 0, options, &info);
        if (std::abs(info.yaw) < 15 && std::abs(info.pitch) < 12) {
            faces.push_back({std::move(image), info.landmarks});
        }
    }
    return faces;
}

TEST(BuiltInFinder, FindsRenderedFacesInALargerPicture) {
    const FaceDetector detector = FaceDetector::built_in();
    int found = 0;
    std::vector<double> distances;
    for (const Rendered& face : frontal_faces(24)) {
        const std::vector<DetectedFace> faces = detector.faces(pasted(face.image, 210, 90, 480, 640));
        if (faces.empty()) continue;
        ++found;
        FivePoints expected = face.landmarks;
        for (auto& point : expected) point = {point[0] + 210, point[1] + 90};
        distances.push_back(mean_distance(largest_face(faces)->landmarks, expected) / eye_distance(expected));
        EXPECT_GT(faces[0].score, 0.5f);
        EXPECT_LE(faces[0].score, 1.0f);
    }
    EXPECT_GE(found, 18);
    ASSERT_FALSE(distances.empty());
    std::sort(distances.begin(), distances.end());
    // The template's eyes are 35 pixels apart: 2.5 of its pixels in the median.
    EXPECT_LT(distances[distances.size() / 2], 2.5 / 35);
}

TEST(BuiltInFinder, FindsNothingWhereNothingIs) {
    const FaceDetector detector = FaceDetector::built_in();
    EXPECT_TRUE(detector.faces(make_noise_source(1, 200, 300)->image(0)).empty());
    EXPECT_TRUE(detector.faces({30, 900, std::vector<uint8_t>(30 * 900 * 3, 128)}).empty());
    EXPECT_TRUE(detector.faces({1, 1, std::vector<uint8_t>(3)}).empty());
}

TEST(BuiltInFinder, GivesTheSameFromManyThreads) {
    const FaceDetector detector = FaceDetector::built_in();
    const std::vector<Rendered> faces = frontal_faces(3);
    std::vector<std::vector<DetectedFace>> alone(faces.size()), together(faces.size());
    for (size_t i = 0; i < faces.size(); ++i) alone[i] = detector.faces(faces[i].image);
    std::vector<std::thread> threads;
    for (size_t i = 0; i < faces.size(); ++i) {
        threads.emplace_back([&, i] { together[i] = detector.faces(faces[i].image); });
    }
    for (std::thread& thread : threads) thread.join();
    for (size_t i = 0; i < faces.size(); ++i) {
        ASSERT_EQ(alone[i].size(), together[i].size());
        for (size_t j = 0; j < alone[i].size(); ++j)
            EXPECT_EQ(alone[i][j].landmarks, together[i][j].landmarks);
    }
}

TEST(BuiltInFinder, OnPhotographs) {
    const fs::path folder = shared_folder() / "data" / "lfw_ijb";
    std::ifstream names(folder / "meta" / "lfw_name_5pts_score.txt");
    if (!names) GTEST_SKIP() << "no photographs with known landmarks here";
    const FaceDetector detector = FaceDetector::built_in();
    int photos = 0, found = 0;
    double sum = 0;
    for (std::string line; photos < 60 && std::getline(names, line); ++photos) {
        std::istringstream words(line);
        std::string name;
        FivePoints known{};
        words >> name;
        for (auto& point : known) words >> point[0] >> point[1];
        const Image photo = read_image(folder / "loose_crop" / name);
        const std::vector<DetectedFace> faces = detector.faces(photo);
        const DetectedFace* face = centred_face(faces, photo.height, photo.width);
        if (face == nullptr) continue;
        ++found;
        sum += mean_distance(face->landmarks, known) / eye_distance(known) * 35;
    }
    EXPECT_GE(found, 57);
    EXPECT_LT(sum / found, 2.6);  // pixels of the 112-pixel crop
}

}  // namespace
}  // namespace quantface
