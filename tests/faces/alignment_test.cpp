#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "faces/five_point_alignment.h"

namespace quantface {
namespace {

FivePoints moved(const FivePoints& points, double scale, double angle, double x, double y) {
    FivePoints result;
    for (size_t i = 0; i < points.size(); ++i) {
        const double cosine = scale * std::cos(angle), sine = scale * std::sin(angle);
        result[i] = {static_cast<float>(cosine * points[i][0] - sine * points[i][1] + x),
                     static_cast<float>(sine * points[i][0] + cosine * points[i][1] + y)};
    }
    return result;
}

// Smooth in both directions, so that interpolation changes little.
uint8_t wave(double x, double y) {
    return static_cast<uint8_t>(std::lround(128 + 60 * std::sin(x / 19) + 60 * std::cos(y / 23)));
}

TEST(FivePointAlignment, FindsTheSimilarity) {
    for (const double angle : {0.0, 0.4, -2.0}) {
        const Similarity found =
            similarity_between(kArcFaceTemplate, moved(kArcFaceTemplate, 3, angle, 7, -9));
        EXPECT_NEAR(found.scale(), 3, 1e-5);
        EXPECT_NEAR(std::atan2(found.b, found.a), angle, 1e-5);
        EXPECT_NEAR(found.shift_x, 7, 1e-3);
        EXPECT_NEAR(found.shift_y, -9, 1e-3);
        EXPECT_NEAR(found.apply({0, 0})[1], -9, 1e-3);
    }
    EXPECT_EQ(similarity_between({}, kArcFaceTemplate).scale(), 0);
}

TEST(FivePointAlignment, TemplateScalesAboutThePicturesCorner) {
    EXPECT_EQ(arcface_template(112), kArcFaceTemplate);
    EXPECT_NEAR(arcface_template(224)[0][0], (38.2946 + 0.5) * 2 - 0.5, 1e-4);
}

TEST(FivePointAlignment, AnAlignedImageStaysAsItIs) {
    Image image{112, 112, std::vector<uint8_t>(112 * 112 * 3)};
    for (size_t i = 0; i < image.rgb.size(); ++i) image.rgb[i] = static_cast<uint8_t>(i * 7 % 251);
    EXPECT_EQ(aligned_face(image, kArcFaceTemplate, 112).rgb, image.rgb);
}

TEST(FivePointAlignment, UndoesTurnAndScale) {
    // The picture shows the wave turned and scaled; aligned, the wave is back in the template's place.
    for (const double scale : {0.5, 1.7, 5.0}) {
        const double angle = 0.3;
        Image image{700, 700, std::vector<uint8_t>(700 * 700 * 3)};
        for (int y = 0; y < 700; ++y) {
            for (int x = 0; x < 700; ++x) {
                const double from_x = (x - 150) / scale, from_y = (y - 50) / scale;
                const double wave_x = std::cos(angle) * from_x + std::sin(angle) * from_y;
                const double wave_y = -std::sin(angle) * from_x + std::cos(angle) * from_y;
                for (size_t c = 0; c < 3; ++c) {
                    image.rgb[static_cast<size_t>(y * 700 + x) * 3 + c] = wave(wave_x, wave_y);
                }
            }
        }
        const Image face = aligned_face(image, moved(kArcFaceTemplate, scale, angle, 150, 50), 112);
        ASSERT_EQ(face.height, 112);
        for (int y = 20; y < 92; y += 3) {
            for (int x = 20; x < 92; x += 3) {
                EXPECT_NEAR(face.rgb[static_cast<size_t>(y * 112 + x) * 3], wave(x, y), 3)
                    << scale << " " << x << " " << y;
            }
        }
    }
}

TEST(FivePointAlignment, RefusesLandmarksThatAreNoFace) {
    const Image image{40, 40, std::vector<uint8_t>(40 * 40 * 3)};
    FivePoints points{};
    EXPECT_THROW(aligned_face(image, points, 112), Error);
    points = kArcFaceTemplate;
    points[2][0] = NAN;
    EXPECT_THROW(aligned_face(image, points, 112), Error);
    EXPECT_THROW(aligned_face(image, moved(kArcFaceTemplate, 1e-3, 0, 0, 0), 112), Error);
    // Far outside: black.
    const Image face = aligned_face(image, moved(kArcFaceTemplate, 1, 0, 5000, 0), 112);
    for (const uint8_t level : face.rgb) ASSERT_EQ(level, 0);
}

TEST(FivePointAlignment, FfhqsRuleOnItsOwnLandmarksGivesTheWholePicture) {
    const FivePoints points = ffhq_landmarks();
    const double eyes_x = (points[0][0] + points[1][0]) / 2, eyes_y = (points[0][1] + points[1][1]) / 2;
    const double mouth_x = (points[3][0] + points[4][0]) / 2, mouth_y = (points[3][1] + points[4][1]) / 2;
    const double eye_distance = std::hypot(points[1][0] - points[0][0], points[1][1] - points[0][1]);
    const double mouth_distance = std::hypot(mouth_x - eyes_x, mouth_y - eyes_y);
    EXPECT_NEAR(2 * std::max(2 * eye_distance, 1.8 * mouth_distance), 1, 1e-5);
    EXPECT_NEAR(eyes_x + 0.1 * (mouth_x - eyes_x), 0.5, 1e-5);
    EXPECT_NEAR(eyes_y + 0.1 * (mouth_y - eyes_y), 0.5, 1e-5);
    // The template's window lies inside the picture: no black corners.
    const Similarity warp = similarity_between(kArcFaceTemplate, to_pixels(points, 1024, 1024));
    for (const float corner : {0.0f, 111.0f}) {
        const auto at = warp.apply({corner, corner});
        EXPECT_GT(at[0], 0);
        EXPECT_LT(at[1], 1023);
    }
}

}  // namespace
}  // namespace quantface
