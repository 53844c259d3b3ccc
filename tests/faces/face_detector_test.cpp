#include "faces/face_detector.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "faces/sources.h"
#include "support/real_material.h"

namespace quantface {
namespace {

namespace fs = std::filesystem;

fs::path yunet() {
    return shared_folder() / "models" / "yunet_s_640_640.onnx";
}

fs::path portraits() {
    return shared_folder() / "data" / "portraits_cc0";
}

TEST(FaceDetector, FindsTheFacesOfPortraits) {
    if (!fs::exists(yunet()) || !fs::exists(portraits())) GTEST_SKIP() << "no YuNet or no portraits here";
    const FaceDetector detector = FaceDetector::open(yunet());
    const std::vector<std::string> names = list_images(portraits());
    int found = 0;
    for (size_t i = 0; i < 40 && i < names.size(); ++i) {
        const Image image = read_image(portraits() / names[i]);
        const std::vector<DetectedFace> faces = detector.faces(image);
        const DetectedFace* face = largest_face(faces);
        if (face == nullptr) continue;
        ++found;
        const FivePoints& points = face->landmarks;
        EXPECT_LT(points[0][0], points[1][0]) << names[i] << ": eyes from left to right";
        EXPECT_LT(points[3][0], points[4][0]) << names[i] << ": mouth from left to right";
        EXPECT_LT(points[0][1], points[2][1]) << names[i] << ": the nose is below the eyes";
        EXPECT_LT(points[2][1], points[3][1]) << names[i] << ": the mouth is below the nose";
        // Portraits look at the camera: warped, every landmark is near its place.
        const Similarity warp = similarity_between(points, kArcFaceTemplate);
        for (size_t p = 0; p < points.size(); ++p) {
            const auto at = warp.apply(points[p]);
            EXPECT_LT(std::hypot(at[0] - kArcFaceTemplate[p][0], at[1] - kArcFaceTemplate[p][1]), 12)
                << names[i] << " " << p;
        }
        EXPECT_EQ(aligned_face(image, points, 112).height, 112);
    }
    EXPECT_GE(found, 39);
}

TEST(FaceDetector, ScalesBackToTheImage) {
    if (!fs::exists(yunet()) || !fs::exists(portraits())) GTEST_SKIP() << "no YuNet or no portraits here";
    const FaceDetector detector = FaceDetector::open(yunet());
    const Image image = read_image(portraits() / list_images(portraits())[0]);
    const std::vector<DetectedFace> faces = detector.faces(image);
    const std::vector<DetectedFace> large_faces =
        detector.faces(resized(image, 2 * image.height, 2 * image.width));
    ASSERT_FALSE(faces.empty());
    ASSERT_FALSE(large_faces.empty());
    const DetectedFace *face = largest_face(faces), *twice = largest_face(large_faces);
    for (size_t p = 0; p < 5; ++p) {
        EXPECT_NEAR(twice->landmarks[p][0], 2 * face->landmarks[p][0] + 0.5, 4);
        EXPECT_NEAR(twice->landmarks[p][1], 2 * face->landmarks[p][1] + 0.5, 4);
    }
    EXPECT_NEAR(twice->width, 2 * face->width, 4);
}

TEST(FaceDetector, FindsNothingWhereNothingIs) {
    if (!fs::exists(yunet())) GTEST_SKIP() << "no YuNet here";
    const FaceDetector detector = FaceDetector::open(yunet());
    EXPECT_TRUE(detector.faces(make_noise_source(1, 64, 48)->image(0)).empty());
    EXPECT_TRUE(detector.faces({30, 900, std::vector<uint8_t>(30 * 900 * 3, 128)}).empty());
}

std::string refusal_of(const fs::path& path) {
    try {
        FaceDetector::open(path);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
        return error.what();
    }
    ADD_FAILURE() << path << " was accepted";
    return "";
}

TEST(FaceDetector, RefusesOtherFiles) {
    const fs::path path = fs::temp_directory_path() / ("quantface_detector_" + std::to_string(::getpid()));
    EXPECT_NE(refusal_of(path).find(path.string()), std::string::npos) << "missing";
    write_file_atomically(path, std::string("no network\n"));
    const std::string text = refusal_of(path);
    EXPECT_NE(text.find("is not an ONNX model"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos);
    fs::remove(path);
    const fs::path other = shared_folder() / "models" / "mobilefacenet_relu6.onnx";
    if (fs::exists(other)) {
        EXPECT_FALSE(refusal_of(other).empty());
    }
}

}  // namespace
}  // namespace quantface
