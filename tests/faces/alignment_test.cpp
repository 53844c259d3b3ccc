#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/rng.h"
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

// The estimate as Umeyama wrote it down and skimage computes it: by singular values, independent of ours.
// Rows of the 2 x 3 matrix. Reflections are turned into the best rotation.
cv::Matx23d umeyama(const FivePoints& from, const FivePoints& to) {
    cv::Mat source(5, 2, CV_64F), target(5, 2, CV_64F);
    for (int i = 0; i < 5; ++i) {
        for (int axis = 0; axis < 2; ++axis) {
            source.at<double>(i, axis) = from[static_cast<size_t>(i)][static_cast<size_t>(axis)];
            target.at<double>(i, axis) = to[static_cast<size_t>(i)][static_cast<size_t>(axis)];
        }
    }
    cv::Mat source_mean, target_mean;
    cv::reduce(source, source_mean, 0, cv::REDUCE_AVG);
    cv::reduce(target, target_mean, 0, cv::REDUCE_AVG);
    for (int i = 0; i < 5; ++i) {
        source.row(i) -= source_mean;
        target.row(i) -= target_mean;
    }
    const cv::Mat covariance = target.t() * source / 5;
    cv::Mat values, u, vt;
    cv::SVD::compute(covariance, values, u, vt);
    cv::Mat signs = cv::Mat::eye(2, 2, CV_64F);
    if (cv::determinant(u) * cv::determinant(vt) < 0) signs.at<double>(1, 1) = -1;
    const cv::Mat rotation = u * signs * vt;
    const double variance = source.dot(source) / 5;
    const double scale = (values.at<double>(0) + values.at<double>(1) * signs.at<double>(1, 1)) / variance;
    const cv::Mat shift = target_mean.t() - scale * rotation * source_mean.t();
    return {scale * rotation.at<double>(0, 0), scale * rotation.at<double>(0, 1), shift.at<double>(0),
            scale * rotation.at<double>(1, 0), scale * rotation.at<double>(1, 1), shift.at<double>(1)};
}

void expect_umeyama(const FivePoints& landmarks) {
    const Similarity ours = similarity_between(landmarks, kArcFaceTemplate);
    const cv::Matx23d theirs = umeyama(landmarks, kArcFaceTemplate);
    for (size_t i = 0; i < 5; ++i) {
        const double x = landmarks[i][0], y = landmarks[i][1];
        const auto at = ours.apply(landmarks[i]);
        EXPECT_NEAR(at[0], theirs(0, 0) * x + theirs(0, 1) * y + theirs(0, 2), 1e-3);
        EXPECT_NEAR(at[1], theirs(1, 0) * x + theirs(1, 1) * y + theirs(1, 2), 1e-3);
    }
}

TEST(FivePointAlignment, IsUmeyamasEstimate) {
    Rng rng(8);
    for (int trial = 0; trial < 200; ++trial) {
        FivePoints landmarks =
            moved(kArcFaceTemplate, rng.uniform(0.3, 6), rng.uniform(-3, 3), rng.uniform(-50, 900), 40);
        const double spread = trial % 10;
        for (auto& point : landmarks) {
            for (float& coordinate : point) coordinate += static_cast<float>(spread * rng.normal());
        }
        expect_umeyama(landmarks);
        // Mirrored, as a picture of a face in a mirror is not: the best rotation is taken, no reflection.
        for (auto& point : landmarks) point[0] = 1000 - point[0];
        expect_umeyama(landmarks);
    }
    // On one line, and two places only.
    FivePoints line;
    for (size_t i = 0; i < 5; ++i) line[i] = {10.0f + 7.0f * static_cast<float>(i), 90.0f};
    expect_umeyama(line);
    expect_umeyama({{{10, 10}, {50, 10}, {10, 10}, {10, 10}, {50, 10}}});
}

TEST(FivePointAlignment, ThePlainWarpIsOpenCvsFromThePhotographItself) {
    Image image{300, 400, std::vector<uint8_t>(300 * 400 * 3)};
    Rng rng(3);
    for (uint8_t& value : image.rgb) value = static_cast<uint8_t>(rng.below(256));
    const FivePoints landmarks = moved(kArcFaceTemplate, 2.6, 0.2, 30, -20);
    const cv::Mat photo(300, 400, CV_8UC3, image.rgb.data());
    const Similarity warp = similarity_between(landmarks, kArcFaceTemplate);
    const cv::Matx23d matrix(warp.a, -warp.b, warp.shift_x, warp.b, warp.a, warp.shift_y);
    cv::Mat expected;
    cv::warpAffine(photo, expected, matrix, cv::Size(112, 112));  // InsightFace's call: borderValue 0
    const Image face = aligned_face(image, landmarks, 112);
    ASSERT_TRUE(expected.isContinuous());
    EXPECT_EQ(std::vector<uint8_t>(expected.data, expected.data + face.rgb.size()), face.rgb);
    // Shrinking first averages the noise away; the plain warp takes it as it comes.
    const Image smooth = aligned_face(image, landmarks, 112, WarpSampling::kShrinkFirst);
    const auto deviation = [](const Image& crop) {
        cv::Scalar mean, result;
        cv::meanStdDev(
            cv::Mat(112, 112, CV_8UC3, const_cast<uint8_t*>(crop.rgb.data()))(cv::Rect(30, 30, 50, 50)), mean,
            result);
        return result[0];
    };
    EXPECT_GT(deviation(face), 1.3 * deviation(smooth));
}

TEST(FivePointAlignment, RefusesPicturesThatOpenCvDoesNotWarp) {
    const Image image{2, 40000, std::vector<uint8_t>(2 * 40000 * 3)};
    EXPECT_THROW(aligned_face(image, kArcFaceTemplate, 112), Error);
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
