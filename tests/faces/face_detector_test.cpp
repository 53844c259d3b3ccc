#include "faces/face_detector.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "faces/bin_pack.h"
#include "faces/sources.h"
#include "formats/onnx_fixed_input.h"
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

fs::path scrfd() {
    return shared_folder() / "models" / "scrfd_det_500m.onnx";
}

// SCRFD's landmarks of these photographs, found with another program in a square of 256 pixels without
// scaling.
TEST(FaceDetector, ScrfdGivesTheLandmarksThatOthersFound) {
    const fs::path folder = shared_folder() / "data" / "lfw_ijb";
    std::ifstream names(folder / "meta" / "lfw_name_5pts_score.txt");
    if (!fs::exists(scrfd()) || !names) GTEST_SKIP() << "no SCRFD or no photographs with landmarks here";
    const FixedInputModel fixed = with_fixed_input(read_file(scrfd()), "scrfd", 256);
    const fs::path path = fs::temp_directory_path() / ("quantface_scrfd_" + std::to_string(::getpid()));
    write_file_atomically(path, fixed.bytes);
    const FaceDetector detector = FaceDetector::open(path);
    fs::remove(path);
    int photos = 0;
    for (std::string line; photos < 40 && std::getline(names, line); ++photos) {
        std::istringstream words(line);
        std::string name;
        FivePoints known{};
        float score = 0;
        words >> name;
        for (auto& point : known) words >> point[0] >> point[1];
        words >> score;
        const Image photo = read_image(folder / "loose_crop" / name);
        // In the corner of 256 x 256 pixels, so that nothing is scaled.
        Image square{256, 256, std::vector<uint8_t>(256 * 256 * 3)};
        for (int y = 0; y < photo.height; ++y) {
            std::copy_n(photo.rgb.begin() + 3 * ptrdiff_t{y} * photo.width, 3 * ptrdiff_t{photo.width},
                        square.rgb.begin() + 3 * 256 * ptrdiff_t{y});
        }
        const std::vector<DetectedFace> faces = detector.faces(square);
        double nearest = 1e9;
        for (const DetectedFace& face : faces) {
            double farthest = 0;
            for (size_t p = 0; p < 5; ++p) {
                farthest = std::max<double>(farthest, std::hypot(face.landmarks[p][0] - known[p][0],
                                                                 face.landmarks[p][1] - known[p][1]));
            }
            if (farthest < 1) {
                EXPECT_NEAR(face.score, score, 1e-3) << name;
            }
            nearest = std::min(nearest, farthest);
        }
        EXPECT_LT(nearest, 0.02) << name;
    }
    EXPECT_EQ(photos, 40);
}

TEST(FaceDetector, ScrfdFindsFacesThatFillThePicture) {
    const fs::path pack = shared_folder() / "data" / "lfw_devtest.bin";
    if (!fs::exists(scrfd()) || !fs::exists(pack)) GTEST_SKIP() << "no SCRFD or no aligned faces here";
    const FaceDetector detector = FaceDetector::open(scrfd());
    const BinPack faces = BinPack::open(pack);
    double mean = 0;  // heads that turn away have single points far from the template's
    for (int64_t i = 0; i < 20; ++i) {
        const std::vector<DetectedFace> found = detector.faces(faces.image(i));
        ASSERT_FALSE(found.empty()) << i;
        const FivePoints& points = centred_face(found, 112, 112)->landmarks;
        for (size_t p = 0; p < 5; ++p) {
            mean += std::hypot(points[p][0] - kArcFaceTemplate[p][0], points[p][1] - kArcFaceTemplate[p][1]);
        }
    }
    EXPECT_LT(mean / 100, 6);
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
        EXPECT_NE(refusal_of(other).find("no square of a multiple of 32"), std::string::npos);
    }
}

}  // namespace
}  // namespace quantface
