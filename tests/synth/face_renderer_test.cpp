// The face renderer as a whole: same request same picture, other request other picture, faces where aligners
// put them.
#include "synth/face_renderer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "base/error.h"
#include "small_head.h"
#include "synth/head/head_model.h"
#include "synth/rendered_source.h"

namespace quantface {
namespace {

// The heads that a picture can be drawn from.
enum class Head { kBuiltIn, kSmall, kInstalled };

class FaceRenderer : public testing::TestWithParam<Head> {
  protected:
    void SetUp() override {
        if (GetParam() == Head::kSmall) plain_.head = std::make_shared<HeadModel>(make_small_head());
        if (GetParam() == Head::kInstalled) {
            plain_.head = installed_head_model();
            if (plain_.head == nullptr) GTEST_SKIP() << "no head model in the cache (quantface assets)";
        }
    }

    FaceRenderOptions plain_;
};

INSTANTIATE_TEST_SUITE_P(Heads, FaceRenderer, testing::Values(Head::kBuiltIn, Head::kSmall, Head::kInstalled),
                         [](const auto& test) {
                             return std::string(test.param == Head::kBuiltIn ? "BuiltIn"
                                                : test.param == Head::kSmall ? "Small"
                                                                             : "Installed");
                         });

// Mean absolute difference of two pictures, grey levels.
double difference(const Image& a, const Image& b) {
    EXPECT_EQ(a.rgb.size(), b.rgb.size());
    double sum = 0;
    for (size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(int{a.rgb[i]} - int{b.rgb[i]});
    return sum / static_cast<double>(a.rgb.size());
}

TEST_P(FaceRenderer, SameRequestGivesTheSamePicture) {
    for (uint64_t view = 0; view < 3; ++view) {
        EXPECT_EQ(render_face(7, 11, view, plain_).rgb, render_face(7, 11, view, plain_).rgb);
    }
}

TEST_P(FaceRenderer, SeedIdentityAndViewEachChangeThePicture) {
    const Image image = render_face(7, 11, 0, plain_);
    EXPECT_GT(difference(image, render_face(8, 11, 0, plain_)), 5);
    EXPECT_GT(difference(image, render_face(7, 12, 0, plain_)), 5);
    EXPECT_GT(difference(image, render_face(7, 11, 1, plain_)), 5);
}

TEST_P(FaceRenderer, LandmarksLieNearTheTemplate) {
    // The similarity transform cannot follow every face; the mean over many must be close, and a frontal face
    // closer.
    double frontal_sum = 0;
    int frontal_count = 0;
    for (uint64_t identity = 0; identity < 60; ++identity) {
        FaceRenderOptions options = plain_;
        options.oversampling = 1;
        FaceRenderInfo info;
        render_face(3, identity, 0, options, &info);
        double worst = 0;
        for (size_t i = 0; i < 5; ++i) {
            worst = std::max<double>(worst, std::hypot(info.landmarks[i][0] - kArcFaceTemplate[i][0],
                                                       info.landmarks[i][1] - kArcFaceTemplate[i][1]));
        }
        EXPECT_LT(worst, 25) << "identity " << identity << " at yaw " << info.yaw;
        if (std::abs(info.yaw) < 12 && std::abs(info.pitch) < 10) {
            EXPECT_LT(worst, 12) << "identity " << identity;
            frontal_sum += worst;
            ++frontal_count;
        }
    }
    ASSERT_GT(frontal_count, 10);
    EXPECT_LT(frontal_sum / frontal_count, 7);
}

TEST_P(FaceRenderer, LandmarksGrowWithTheSize) {
    FaceRenderInfo small, large;
    FaceRenderOptions options = plain_;
    render_face(3, 1, 0, options, &small);
    options.size = 224;
    options.oversampling = 1;
    const Image image = render_face(3, 1, 0, options, &large);
    EXPECT_EQ(image.width, 224);
    EXPECT_EQ(image.height, 224);
    for (size_t i = 0; i < 5; ++i) {
        for (size_t k = 0; k < 2; ++k) {
            EXPECT_NEAR(large.landmarks[i][k] + 0.5f, 2 * (small.landmarks[i][k] + 0.5f), 0.01f);
        }
    }
}

// Mean grey level of 5 x 5 pixels.
double level_at(const Image& image, float x, float y) {
    double sum = 0;
    for (int dy = -2; dy <= 2; ++dy) {
        for (int dx = -2; dx <= 2; ++dx) {
            const int px = std::clamp(static_cast<int>(std::lround(x)) + dx, 0, image.width - 1);
            const int py = std::clamp(static_cast<int>(std::lround(y)) + dy, 0, image.height - 1);
            for (int c = 0; c < 3; ++c)
                sum += image.rgb[static_cast<size_t>(3 * (py * image.width + px) + c)] / 75.0;
        }
    }
    return sum;
}

TEST_P(FaceRenderer, EyesAreDrawnWhereTheLandmarksSay) {
    double eyes = 0, cheeks = 0;
    for (uint64_t identity = 0; identity < 40; ++identity) {
        FaceRenderOptions options = plain_;
        options.sensor_effects = false;
        options.oversampling = 1;
        FaceRenderInfo info;
        const Image image = render_face(2, identity, 0, options, &info);
        for (size_t i = 0; i < 2; ++i) {
            eyes += level_at(image, info.landmarks[i][0], info.landmarks[i][1]) / 80;
            cheeks += level_at(image, info.landmarks[i][0], info.landmarks[i][1] + 17) / 80;
        }
    }
    EXPECT_LT(eyes, cheeks - 20);
}

TEST_P(FaceRenderer, OversamplingOnlySmooths) {
    for (uint64_t identity = 0; identity < 6; ++identity) {
        FaceRenderOptions coarse = plain_, fine = plain_;
        coarse.sensor_effects = fine.sensor_effects = false;
        fine.oversampling = 3;
        EXPECT_LT(difference(render_face(5, identity, 0, coarse), render_face(5, identity, 0, fine)), 6);
    }
}

TEST_P(FaceRenderer, PicturesAreExposedLikePhotographs) {
    double sum = 0, square = 0;
    double count = 0, black = 0, white = 0;
    std::set<int> yaw_signs;
    for (uint64_t identity = 0; identity < 48; ++identity) {
        FaceRenderOptions options = plain_;
        options.oversampling = 1;
        FaceRenderInfo info;
        const Image image = render_face(1, identity, 0, options, &info);
        yaw_signs.insert(info.yaw > 0 ? 1 : -1);
        for (const uint8_t value : image.rgb) {
            sum += value;
            square += double{1} * value * value;
            count += 1;
            black += value == 0 ? 1 : 0;
            white += value == 255 ? 1 : 0;
        }
    }
    const double mean = sum / count;
    EXPECT_GT(mean, 80);
    EXPECT_LT(mean, 150);
    const double deviation = std::sqrt(square / count - mean * mean);
    EXPECT_GT(deviation, 40);
    EXPECT_LT(deviation, 80);
    EXPECT_LT(black / count, 0.15);
    EXPECT_LT(white / count, 0.15);
    EXPECT_EQ(yaw_signs.size(), 2u);
}

TEST_P(FaceRenderer, RejectsOptionsOutOfRange) {
    FaceRenderOptions options = plain_;
    options.size = 8;
    EXPECT_THROW(render_face(1, 0, 0, options), Error);
    options.size = 112;
    options.oversampling = 0;
    EXPECT_THROW(render_face(1, 0, 0, options), Error);
}

TEST(RenderedSource, IsEndlessAndPairsViewsOfAPerson) {
    const auto source = make_rendered_source(1, 112, 112);
    EXPECT_EQ(source->identity(2 * kViewsPerIdentity), 2);
    EXPECT_EQ(source->identity(2 * kViewsPerIdentity - 1), 1);
    EXPECT_FALSE(source->size().has_value());
    FaceRenderOptions options;
    options.head = installed_head_model();
    EXPECT_EQ(source->description(), options.head != nullptr ? "rendered faces, seed 1"
                                                             : "rendered faces of the built-in head, seed 1");
    EXPECT_EQ(source->image(0).rgb, render_face(1, 0, 0, options).rgb);
    EXPECT_EQ(source->image(3).rgb, render_face(1, 1, 1, options).rgb);
    EXPECT_EQ(source->image(int64_t{1} << 40).rgb.size(), 112u * 112u * 3u);
}

TEST(RenderedSource, CutsTheMiddleForNarrowInputs) {
    const auto square = make_rendered_source(1, 112, 112), narrow = make_rendered_source(1, 112, 96);
    const Image whole = square->image(5), cut = narrow->image(5);
    ASSERT_EQ(cut.height, 112);
    ASSERT_EQ(cut.width, 96);
    for (int y = 0; y < 112; ++y) {
        for (int i = 0; i < 3 * 96; ++i) {
            ASSERT_EQ(cut.rgb[static_cast<size_t>(y * 96 * 3 + i)],
                      whole.rgb[static_cast<size_t>(y * 112 * 3 + 8 * 3 + i)]);
        }
    }
    EXPECT_THROW(make_rendered_source(1, 112, 0), Error);
}

}  // namespace
}  // namespace quantface
