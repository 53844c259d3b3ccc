#include "eval/templates.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "eval/identification.h"

namespace quantface::test {
namespace {

TEST(Templates, ByHand) {
    // Template 8: one photo (3, 0) and a video of two frames (0, 2), (0, 6): (3, 0) + (0, 4) = (3, 4).
    // Template 2: one photo.
    const std::vector<float> plain = {0, 2, 3, 0, 0, 6, -5, 0};
    const std::vector<TemplateImage> images = {{8, 2}, {8, 1}, {8, 2}, {2, 1}};
    const std::vector<float> scores = {1, 1, 1, 0.5f};
    const ImageFeatures features = image_features(plain, {}, 2, scores, {true, true, 0});
    const Templates templates = fuse_templates(features, images);
    EXPECT_EQ(templates.ids, (std::vector<int64_t>{2, 8}));
    const std::vector<float> expected = {-1, 0, 0.6f, 0.8f};
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_FLOAT_EQ(templates.rows[i], expected[i]);
    EXPECT_EQ(templates.find(8), 1);
    EXPECT_EQ(templates.find(5), -1);
}

TEST(Templates, FeaturesByEachOption) {
    const std::vector<float> plain = {3, 4}, mirrored = {1, 0}, scores = {0.5f};
    const auto rows = [&](const std::string& options) {
        return image_features(plain, mirrored, 2, scores, parse_template_options(options)).rows;
    };
    EXPECT_EQ(rows("N1D0F0"), (std::vector<float>{3, 4}));
    EXPECT_EQ(rows("N1D0F1"), (std::vector<float>{3, 4, 1, 0}));
    EXPECT_EQ(rows("N1D0F2"), (std::vector<float>{4, 4}));
    EXPECT_EQ(rows("N1D1F2"), (std::vector<float>{2, 2}));
    EXPECT_FLOAT_EQ(rows("N0D0F0")[0], 0.6f);
    EXPECT_FLOAT_EQ(rows("N0D1F0")[1], 0.4f);
}

TEST(Templates, OptionsAreReadOrRefused) {
    EXPECT_EQ(parse_template_options("f0n0").name(), "N0D1F0");
    EXPECT_EQ(parse_template_options("").name(), "N1D1F2");
    for (const char* text : {"N2", "F3", "N1N1", "X1", "N", "N1 D1", "1N", "NN"})
        EXPECT_THROW(parse_template_options(text), Error) << text;
}

TEST(Templates, BrokenFeaturesAreCountedAndEmptyTemplatesStayZero) {
    const std::vector<float> plain = {std::nanf(""), 1, 0, 0};
    const std::vector<float> scores = {1, 1};
    const ImageFeatures features = image_features(plain, {}, 2, scores, {true, true, 0});
    EXPECT_EQ(features.invalid, 2);
    const std::vector<TemplateImage> images = {{1, 1}, {2, 1}};
    EXPECT_EQ(fuse_templates(features, images).rows, (std::vector<float>{0, 0, 0, 0}));
    EXPECT_THROW(image_features(plain, {}, 3, scores, {true, true, 0}), Error);
    EXPECT_THROW(image_features(plain, {}, 2, scores, {true, true, 2}), Error);
}

TEST(Identification, ByHand) {
    // Gallery at 0, 90 and 180 degrees; probes near the first, near the second (mate: the third), at the
    // second.
    const std::vector<float> gallery = {1, 0, 0, 1, -1, 0};
    const std::vector<float> probes = {0.8f, 0.6f, -0.6f, 0.8f, 0, 1};
    const std::vector<int64_t> mates = {0, 2, 1};
    const std::vector<double> fpirs = {0.3, 0.6, 1};
    ThreadPool pool(2);
    const Identification found = identify(probes, gallery, 2, mates, fpirs, pool);
    EXPECT_EQ(found.probes, 3);
    EXPECT_EQ(found.gallery, 3);
    EXPECT_DOUBLE_EQ(found.rank_1, 2.0 / 3);
    EXPECT_EQ(found.rank_5, 1);
    // Strangers: 0.6, -0.8; -0.6, 0.8; 0, 0. The largest is 0.8, the second 0.6, the third 0.
    EXPECT_FLOAT_EQ(static_cast<float>(found.open_set[0].threshold), 0.8f);
    EXPECT_DOUBLE_EQ(found.open_set[0].tpir, 1.0 / 3);  // 0.8 is not above 0.8
    EXPECT_FLOAT_EQ(static_cast<float>(found.open_set[1].threshold), 0.6f);
    EXPECT_DOUBLE_EQ(found.open_set[1].tpir, 2.0 / 3);
    EXPECT_DOUBLE_EQ(found.open_set[2].tpir, 1);
    const std::vector<int64_t> wrong = {0, 3, 1};
    EXPECT_THROW(identify(probes, gallery, 2, wrong, fpirs, pool), Error);
}

}  // namespace
}  // namespace quantface::test
