// The parts that guide images, each against its definition: pyramid, priors, spread, statistics, recipe.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "base/error.h"
#include "train/embedding_spread.h"
#include "train/guided_recipe.h"
#include "train/image_priors.h"
#include "train/image_pyramid.h"
#include "train/statistics_loss.h"

namespace quantface {
namespace {

at::Tensor random_images(int64_t count, int64_t side) {
    at::manual_seed(3);
    return at::rand({count, 3, side, side}) * 255;
}

TEST(ImagePyramid, BeginsWithItsStart) {
    const at::Tensor start = random_images(2, 20);
    const ImagePyramid pyramid(start, 24);
    EXPECT_TRUE(at::equal(pyramid.images(), start));
}

TEST(ImagePyramid, OffsetsAreBoundedAndImagesWithinRange) {
    const ImagePyramid pyramid(random_images(2, 37), 24);
    const at::NoGradGuard no_gradients;
    for (const at::Tensor& level : pyramid.levels()) level.detach().normal_(0, 100);
    EXPECT_GT(pyramid.offset().abs().max().item<double>(), 5);
    EXPECT_LE(pyramid.offset().abs().max().item<double>(), 2 * 24 * 1.001);
    EXPECT_GE(pyramid.images().min().item<double>(), 0);
    EXPECT_LE(pyramid.images().max().item<double>(), 255);
}

TEST(ImagePriors, VanishAtTheStartAndGrowWithChange) {
    const at::Tensor start = random_images(3, 24).mul(0.5).add(60);
    at::manual_seed(4);
    const at::Tensor noise = at::randn_like(start);
    for (at::Tensor (*prior)(const at::Tensor&, const at::Tensor&) :
         {variation_loss, colour_loss, distance_loss}) {
        EXPECT_EQ(prior(start, start).item<double>(), 0);
        const double little = prior(start + noise * 4 + 1, start).item<double>();
        EXPECT_GT(little, 0);
        EXPECT_GT(prior(start + noise * 40 + 10, start).item<double>(), little);
    }
}

TEST(EmbeddingSpread, CommonDirectionIsTheMeansLength) {
    const at::Tensor u = unit_rows(at::tensor({3.f, 0.f, 0.f, 2.f}).reshape({2, 2}));
    EXPECT_NEAR(common_direction(u).item<double>(), 0.5, 1e-6);
    EXPECT_NEAR(common_direction(at::cat({u, -u})).item<double>(), 0, 1e-6);
}

TEST(EmbeddingSpread, CrowdingIsItsFormulaWithoutOnesOwnIdentity) {
    at::manual_seed(5);
    const at::Tensor u = unit_rows(at::randn({4, 6})), others = unit_rows(at::randn({6, 6}));
    const double sharpness = 5;
    // Rows 0, 1 and 2, 3 are one identity each; others begins two rows before u.
    const auto same = [](int64_t a, int64_t b) { return a / 2 == b / 2; };
    double wanted = 0;
    for (int64_t i = 0; i < 4; ++i) {
        double sum = 0;
        int counted = 0;
        const auto add = [&](const at::Tensor& row) {
            sum += std::exp(sharpness * (u[i] * row).sum().item<double>());
            ++counted;
        };
        for (int64_t j = 0; j < 4; ++j) {
            if (!same(i, j)) add(u[j]);
        }
        for (int64_t j = 0; j < 6; ++j) {
            if (!same(i + 2, j)) add(others[j]);
        }
        wanted += std::log(sum / counted) / sharpness / 4;
    }
    EXPECT_NEAR(crowding(u, others, -2, 2, sharpness).item<double>(), wanted, 1e-5);
}

TEST(EmbeddingSpread, IdentitiesAreAskedForTheSourcesCosine) {
    const at::Tensor u = unit_rows(at::tensor({1.f, 0.f, 1.f, 1.f, 0.f, 1.f, 0.f, -1.f}).reshape({4, 2}));
    const at::Tensor cosines = same_cosines(u, 2);
    ASSERT_EQ(cosines.numel(), 2);
    EXPECT_NEAR(cosines[0].item<double>(), std::sqrt(0.5), 1e-6);
    EXPECT_NEAR(cosines[1].item<double>(), -1, 1e-6);
    EXPECT_NEAR(identity_loss(cosines, at::tensor({0.5f, -0.5f}), 0.1).item<double>(), 0.3, 1e-6);
    EXPECT_EQ(same_cosines(u, 1).numel(), 0);
    EXPECT_EQ(identity_loss(same_cosines(u, 1), same_cosines(u, 1), 0.1).item<double>(), 0);
}

TEST(StatisticsLoss, VanishesAtTheReferenceAndNoLayerDominates) {
    const std::vector<ChannelStatistics> reference = {{at::tensor({1.f, 2.f}), at::tensor({1.f, 4.f})},
                                                      {at::zeros({100}), at::ones({100})}};
    EXPECT_NEAR(statistics_distance(reference, reference).item<double>(), 0, 1e-6);
    std::vector<ChannelStatistics> batch = reference;
    batch[0].mean = at::tensor({2.f, 2.f});  // one standard deviation off in one of two channels
    EXPECT_NEAR(statistics_distance(batch, reference).item<double>(), std::log(2) / 4, 1e-5);
}

// A channel that stands still, a reference of no variance: nothing may become infinite.
TEST(StatisticsLoss, GradientsOfDeadChannelsAreFinite) {
    const std::vector<ChannelStatistics> wanted = {{at::zeros({3}), at::tensor({0.f, 0.f, 1.f})}};
    const at::Tensor mean = at::zeros({3}).requires_grad_(true),
                     variance = at::zeros({3}).requires_grad_(true);
    for (auto* distance : {statistics_distance, folded_distance}) {
        const auto gradients =
            torch::autograd::grad({distance({{mean, variance}}, wanted)}, {mean, variance});
        for (const at::Tensor& gradient : gradients) EXPECT_TRUE(at::isfinite(gradient).all().item<bool>());
    }
}

TEST(GuidedRecipe, NumbersAreSetByName) {
    GuidedRecipe recipe;
    set_guided_value(recipe, "steps=7");
    set_guided_value(recipe, "rate=0.25");
    EXPECT_EQ(recipe.steps, 7);
    EXPECT_EQ(recipe.rate, 0.25);
    EXPECT_EQ(guided_values(recipe)[0], (std::pair<std::string, std::string>("steps", "7")));
    for (const char* bad : {"steps", "step=7", "batch=1", "rate=x", "rate=", "rate=nan", "flip=2", ""}) {
        try {
            set_guided_value(recipe, bad);
            ADD_FAILURE() << bad;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kUsage) << bad;
        }
    }
}

}  // namespace
}  // namespace quantface
