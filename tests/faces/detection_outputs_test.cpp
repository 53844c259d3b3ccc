// What detection networks say, read by hand; and which face a picture is about.
#include "faces/detection_outputs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace quantface {
namespace {

DetectedFace box(float left, float top, float side, float score) {
    DetectedFace face;
    face.left = left;
    face.top = top;
    face.width = face.height = side;
    face.score = score;
    return face;
}

TEST(DetectionOutputs, ScrfdsDistancesAreInStridesFromTheCell) {
    // Three cells a row; the second anchor of cell 4, which is column 1 of row 1.
    constexpr size_t kRows = 12, kRow = 9;
    std::vector<float> scores(kRows, 0.1f), boxes(4 * kRows), points(10 * kRows);
    scores[kRow] = 0.9f;
    const float distances[] = {0.5f, 0.25f, 2, 3};
    std::copy_n(distances, 4, boxes.begin() + 4 * kRow);
    for (size_t i = 0; i < 10; ++i) points[10 * kRow + i] = 0.125f * static_cast<float>(i) - 0.5f;
    std::vector<DetectedFace> faces;
    add_scrfd_faces({scores, boxes, points}, 16, 3, 0.5f, faces);
    ASSERT_EQ(faces.size(), 1u);
    EXPECT_EQ(faces[0].score, 0.9f);
    EXPECT_EQ(faces[0].left, 16 - 8);
    EXPECT_EQ(faces[0].top, 16 - 4);
    EXPECT_EQ(faces[0].width, 40);
    EXPECT_EQ(faces[0].height, 52);
    EXPECT_EQ(faces[0].landmarks[0][0], 16 - 8);
    EXPECT_EQ(faces[0].landmarks[4][1], 16 + 10);
}

TEST(DetectionOutputs, YunetsSizesAreLogarithms) {
    std::vector<float> cls(4, 0.0f), obj(4, 1.0f), boxes(16), points(40);
    cls[3] = 0.81f;
    const float place[] = {0.5f, 0.25f, std::log(2.0f), 0};
    std::copy_n(place, 4, boxes.begin() + 12);
    points[30] = 0.5f;
    std::vector<DetectedFace> faces;
    add_yunet_faces({cls, obj, boxes, points}, 8, 2, 0.6f, faces);
    ASSERT_EQ(faces.size(), 1u);
    EXPECT_NEAR(faces[0].score, 0.9, 1e-6);
    EXPECT_NEAR(faces[0].left, 12 - 8, 1e-5);
    EXPECT_NEAR(faces[0].top, 10 - 4, 1e-5);
    EXPECT_NEAR(faces[0].width, 16, 1e-5);
    EXPECT_EQ(faces[0].landmarks[0][0], 12);
    EXPECT_EQ(faces[0].landmarks[0][1], 8);
}

TEST(DetectionOutputs, NumbersThatAreNoneAreNoFaces) {
    std::vector<float> nan(2, NAN), boxes(8), points(20);
    std::vector<DetectedFace> faces;
    add_scrfd_faces({nan, boxes, points}, 8, 1, 0.5f, faces);
    std::vector<float> one(2, 1.0f);
    add_yunet_faces({nan, one, boxes, points}, 8, 2, 0.6f, faces);
    EXPECT_TRUE(faces.empty());
}

TEST(DetectionOutputs, OfOverlappingFindsTheBestIsKept) {
    const auto kept = without_duplicates(
        {box(0, 0, 100, 0.6f), box(10, 0, 100, 0.9f), box(300, 0, 50, 0.7f), box(70, 0, 100, 0.5f)}, 0.4f,
        true);
    ASSERT_EQ(kept.size(), 3u);
    EXPECT_EQ(kept[0].score, 0.9f);
    EXPECT_EQ(kept[1].score, 0.7f);
    EXPECT_EQ(kept[2].score, 0.5f);
    // A share of 1/3 either way, but the threshold is at 0.3.
    EXPECT_EQ(without_duplicates({box(0, 0, 100, 0.6f), box(50, 0, 100, 0.5f)}, 0.3f, false).size(), 1u);
    EXPECT_EQ(without_duplicates({box(0, 0, 100, 0.6f), box(50, 0, 100, 0.5f)}, 0.34f, false).size(), 2u);
}

TEST(DetectionOutputs, LargestAndCentred) {
    const std::vector<DetectedFace> faces = {box(0, 0, 100, 0.9f), box(180, 180, 60, 0.8f),
                                             box(210, 210, 4, 0.95f)};
    EXPECT_EQ(largest_face(faces), &faces[0]);
    // 100 x 100 at a distance of 226 against 60 x 60 in the middle.
    EXPECT_EQ(centred_face(faces, 420, 420), &faces[1]);
    EXPECT_EQ(largest_face({}), nullptr);
    EXPECT_EQ(centred_face({}, 4, 4), nullptr);
}

// A finder that sees nothing but in pictures of a certain width.
class WidthFinder final : public FaceFinder {
  public:
    WidthFinder(int width, std::vector<DetectedFace> faces) : width_(width), faces_(std::move(faces)) {}
    std::vector<DetectedFace> find(const Image& image) const override {
        EXPECT_EQ(image.rgb.size(), static_cast<size_t>(image.height * image.width * 3));
        if (image.width != width_) return {};
        for (int y = 10; width_ == 80 && y < 30; ++y) {
            EXPECT_EQ(image.rgb[static_cast<size_t>(3 * (y * 80 + 20))], 7) << "the picture is in the middle";
            EXPECT_EQ(image.rgb[static_cast<size_t>(3 * (y * 80 + 19))], 0);
        }
        return faces_;
    }

  private:
    int width_;
    std::vector<DetectedFace> faces_;
};

TEST(FaceDetector, LooksAgainWithRoomAroundThePicture) {
    const Image image{20, 40, std::vector<uint8_t>(20 * 40 * 3, 7)};
    DetectedFace face = box(25, 11, 30, 0.7f);
    face.landmarks[3] = {30, 14};
    const FaceDetector detector(std::make_unique<WidthFinder>(80, std::vector{face, box(1, 2, 30, 0.8f)}));
    const auto faces = detector.faces(image);
    ASSERT_EQ(faces.size(), 2u);
    EXPECT_EQ(faces[0].score, 0.8f) << "best first";
    EXPECT_EQ(faces[1].left, 5);
    EXPECT_EQ(faces[1].top, 1);
    EXPECT_EQ(faces[1].landmarks[3][0], 10);
    EXPECT_EQ(faces[1].landmarks[3][1], 4);
}

TEST(FaceDetector, LeavesOutWhatIsNoPlace) {
    DetectedFace infinite = box(1, 1, 10, 0.9f), flat = box(1, 1, 0, 0.9f);
    infinite.landmarks[2][1] = INFINITY;
    const FaceDetector detector(
        std::make_unique<WidthFinder>(40, std::vector{infinite, flat, box(2, 2, 9, 0.6f)}));
    const auto faces = detector.faces({20, 40, std::vector<uint8_t>(20 * 40 * 3)});
    ASSERT_EQ(faces.size(), 1u);
    EXPECT_EQ(faces[0].left, 2);
}

}  // namespace
}  // namespace quantface
