#include "eval/roc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/rng.h"

namespace quantface::test {
namespace {

// Genuine and impostor distances.
RocCurve curve(const std::vector<double>& genuine, const std::vector<double>& impostors) {
    std::vector<double> distances = genuine;
    distances.insert(distances.end(), impostors.begin(), impostors.end());
    std::vector<bool> same(genuine.size(), true);
    same.resize(distances.size(), false);
    return RocCurve::of_pairs(distances, same);
}

TEST(TarAtFar, TheFirstRefusedImpostorSetsTheThreshold) {
    const RocCurve distances =
        curve({0.05, 0.15, 0.2, 0.25}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0});
    const TarAtFar tenth = tar_at_far(distances, 0.1);
    EXPECT_EQ(tenth.far, 0.1);
    EXPECT_EQ(tenth.threshold, 0.2);
    // 0.2 ties with the second impostor, which must be refused: it is refused too.
    EXPECT_EQ(tenth.tar, 0.5);
    EXPECT_EQ(tenth.reached_far, 0.1);
    EXPECT_EQ(tar_at_far(distances, 0.19).tar, 0.5);
    EXPECT_EQ(tar_at_far(distances, 0.2).tar, 1.0);
    EXPECT_EQ(tar_at_far(distances, 1).tar, 1.0);
    EXPECT_EQ(tar_at_far(distances, 1).reached_far, 1.0);
}

TEST(TarAtFar, TooFewImpostorsAreSaidToBeTooFew) {
    const RocCurve distances = curve({0.05}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0});
    EXPECT_EQ(tar_at_far(distances, 0.099).tar, std::nullopt);
    EXPECT_EQ(tar_at_far(distances, 1e-6).tar, std::nullopt);
    EXPECT_EQ(tar_at_far(distances, 1e-6).reached_far, 0);
}

TEST(TarAtFar, TiedImpostorsAreRefusedTogether) {
    const RocCurve distances = curve({0.1, 0.3}, {0.2, 0.2, 0.2, 0.6});
    // One may pass, but three stand at the same distance.
    const TarAtFar quarter = tar_at_far(distances, 0.25);
    EXPECT_EQ(quarter.threshold, 0.2);
    EXPECT_EQ(quarter.tar, 0.5);
    EXPECT_EQ(quarter.reached_far, 0);
    EXPECT_EQ(tar_at_far(distances, 0.75).tar, 1.0);
}

TEST(TarAtFar, DecimalsAreMeantAsWritten) {
    // 0.29 * 100 is 28.999999999999996 in double.
    std::vector<double> impostors;
    for (int i = 0; i < 100; ++i) impostors.push_back(i);
    const RocCurve distances = curve({28.5}, impostors);
    EXPECT_EQ(tar_at_far(distances, 0.29).threshold, 29);
    EXPECT_EQ(tar_at_far(distances, 0.29).tar, 1.0);
    EXPECT_EQ(tar_at_far(distances, 0.28).tar, 0.0);
}

TEST(TarAtFar, FarOutOfRangeIsWrongUsage) {
    const RocCurve distances = curve({1}, {2});
    for (const double far : {0.0, -0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
        EXPECT_THROW(tar_at_far(distances, far), Error);
    }
}

TEST(RocAuc, CountsOrderedPairsAndHalvesTies) {
    EXPECT_EQ(roc_auc(curve({1, 2}, {3, 4})), 1);
    EXPECT_EQ(roc_auc(curve({3, 4}, {1, 2})), 0);
    EXPECT_EQ(roc_auc(curve({1, 3}, {2, 4})), 0.75);
    EXPECT_EQ(roc_auc(curve({1, 1}, {1, 1, 1})), 0.5);
    EXPECT_DOUBLE_EQ(roc_auc(curve({1, 2}, {2, 2, 3})), (3 + 0.5 + 0.5 + 1) / 6);
}

TEST(EqualErrorRate, LiesWhereTheCurveCrosses) {
    EXPECT_DOUBLE_EQ(equal_error_rate(curve({1, 2}, {3, 4})), 0);
    EXPECT_DOUBLE_EQ(equal_error_rate(curve({3, 4}, {1, 2})), 1);
    EXPECT_DOUBLE_EQ(equal_error_rate(curve({1, 3}, {2, 4})), 0.5);
    EXPECT_DOUBLE_EQ(equal_error_rate(curve({1, 2, 3, 5}, {4, 6, 7, 8})), 0.25);
    // From FAR 1/4, FRR 1/3 straight down to FRR 0.
    EXPECT_DOUBLE_EQ(equal_error_rate(curve({1, 2, 4}, {3, 5, 6, 7})), 0.25);
    // All at one distance: only chance decides.
    EXPECT_DOUBLE_EQ(equal_error_rate(curve({1, 1, 1}, {1, 1})), 0.5);
    // Half of each tie: from (0, 1/2) to (1/2, 0).
    EXPECT_DOUBLE_EQ(equal_error_rate(curve({1, 2}, {2, 3})), 0.25);
}

TEST(EqualErrorRate, OfTwoUniformDistributions) {
    Rng rng(1);
    std::vector<double> all;
    std::vector<bool> same;
    // Genuine uniform in 0..1, impostors in 0.5..1.5: FAR t - 0.5 meets FRR 1 - t at 0.25; AUC is 1 - 0.5 *
    // 0.5 / 2.
    for (int i = 0; i < 200000; ++i) {
        same.push_back(i % 2 == 0);
        all.push_back(rng.uniform() + (i % 2) * 0.5);
    }
    const RocCurve distances = RocCurve::of_pairs(all, same);
    EXPECT_NEAR(equal_error_rate(distances), 0.25, 0.005);
    EXPECT_NEAR(roc_auc(distances), 0.875, 0.005);
}

TEST(RocCurve, OneStepADistanceAndNoCurveOfWhatCannotBeJudged) {
    const std::vector<double> distances = {3, 1, 2, 0.5, 1};
    const RocCurve steps = RocCurve::of_pairs(distances, {true, true, false, false, false});
    ASSERT_EQ(steps.steps().size(), 4u);
    EXPECT_EQ(steps.steps()[1].distance, 1);
    EXPECT_EQ(steps.steps()[1].genuine, 1);
    EXPECT_EQ(steps.steps()[1].impostors, 2);
    EXPECT_EQ(steps.genuine(), 2);
    EXPECT_EQ(steps.impostors(), 3);
    EXPECT_THROW(RocCurve::of_pairs(distances, {true, true, true, true, true}), Error);
    EXPECT_THROW(RocCurve::of_pairs(distances, {true, false}), Error);
    const std::vector<double> broken = {1, std::numeric_limits<double>::quiet_NaN()};
    EXPECT_THROW(RocCurve::of_pairs(broken, {true, false}), Error);
}

TEST(TarAtFar, LinearReadingGoesAlongTheCurve) {
    // (0, 0), (0, 1/2), (1/4, 1/2), (1/2, 1), (1, 1)
    const RocCurve steps = curve({1, 3}, {2, 3, 4, 5});
    EXPECT_DOUBLE_EQ(tar_at_far_linear(steps, 0.125), 0.5);
    EXPECT_DOUBLE_EQ(tar_at_far_linear(steps, 0.25), 0.5);
    EXPECT_DOUBLE_EQ(tar_at_far_linear(steps, 0.375), 0.75);
    EXPECT_DOUBLE_EQ(tar_at_far_linear(steps, 0.5), 1);
    EXPECT_DOUBLE_EQ(tar_at_far_linear(steps, 1), 1);
    EXPECT_DOUBLE_EQ(tar_at_far_linear(curve({3}, {2}), 0.5), 0);
    EXPECT_DOUBLE_EQ(tar_at_far_linear(curve({2}, {2}), 0.5), 0.5);
}

TEST(TarAtFar, NearestReadingTakesAPointOfTheCurve) {
    const RocCurve steps = curve({1, 3}, {2, 3, 4, 5});
    EXPECT_EQ(tar_at_far_nearest(steps, 0.3), 0.5);
    EXPECT_EQ(tar_at_far_nearest(steps, 0.4), 1);
    EXPECT_EQ(tar_at_far_nearest(steps, 0.375), 1);   // as near to 1/4 as to 1/2: the later
    EXPECT_EQ(tar_at_far_nearest(steps, 1e-6), 0.5);  // of the points at FAR 0 the last
    EXPECT_EQ(tar_at_far_nearest(curve({9}, {1, 2}), 1e-6), 0);
    EXPECT_EQ(tar_at_far_nearest(curve({1.5, 2.5, 3.5, 4.5}, {2, 3, 4, 5}), 0.5), 0.75);
    EXPECT_EQ(tar_at_far_nearest(curve({1}, {2, 3, 4, 5}), 0.6), 1);
}

TEST(RocCurve, OfHistogramsAgreesWithThatOfPairs) {
    Rng rng(2);
    CosineHistogram genuine, impostors;
    std::vector<double> distances;
    std::vector<bool> same;
    for (int i = 0; i < 20000; ++i) {
        const double cosine = std::clamp(0.2 * rng.normal() + (i % 4 == 0 ? 0.5 : 0), -1.0, 1.0);
        (i % 4 == 0 ? genuine : impostors).add(cosine);
        distances.push_back(2 - 2 * cosine);
        same.push_back(i % 4 == 0);
    }
    const RocCurve exact = RocCurve::of_pairs(distances, same);
    const RocCurve binned = RocCurve::of_histograms(genuine, impostors);
    EXPECT_EQ(binned.genuine(), exact.genuine());
    EXPECT_EQ(binned.impostors(), exact.impostors());
    EXPECT_NEAR(roc_auc(binned), roc_auc(exact), 1e-5);
    EXPECT_NEAR(equal_error_rate(binned), equal_error_rate(exact), 1e-3);
    EXPECT_NEAR(*binned.d_prime(), *exact.d_prime(), 1e-5);
    for (const double far : {0.5, 0.1, 0.01, 0.001}) {
        EXPECT_NEAR(*tar_at_far(binned, far).tar, *tar_at_far(exact, far).tar, 2e-3) << far;
        EXPECT_NEAR(tar_at_far(binned, far).threshold, tar_at_far(exact, far).threshold,
                    3 * 2 * CosineHistogram::kBinWidth);
    }
}

}  // namespace
}  // namespace quantface::test
