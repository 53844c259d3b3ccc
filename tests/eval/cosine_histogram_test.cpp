#include "eval/cosine_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "eval/roc.h"

namespace quantface::test {
namespace {

constexpr double kBin = CosineHistogram::kBinWidth;

CosineHistogram histogram_of(const std::vector<double>& cosines) {
    CosineHistogram histogram;
    for (const double cosine : cosines) histogram.add(cosine);
    return histogram;
}

std::vector<double> normal_cosines(size_t count, double mean, double deviation, uint64_t seed) {
    Rng rng(seed);
    std::vector<double> cosines(count);
    for (double& cosine : cosines) cosine = std::clamp(mean + deviation * rng.normal(), -1.0, 1.0);
    return cosines;
}

TEST(Distribution, OfAFewNumbers) {
    const Distribution distribution = describe({4, 1, 3, 2, 0});
    EXPECT_EQ(distribution.count, 5);
    EXPECT_DOUBLE_EQ(distribution.mean, 2);
    EXPECT_DOUBLE_EQ(distribution.standard_deviation, std::sqrt(2.0));
    EXPECT_EQ(distribution.minimum, 0);
    EXPECT_EQ(distribution.maximum, 4);
    EXPECT_DOUBLE_EQ(distribution.median(), 2);
    EXPECT_DOUBLE_EQ(distribution.quantiles[0], 0.04);
    EXPECT_DOUBLE_EQ(distribution.quantiles[4], 3);
    EXPECT_EQ(describe({}).count, 0);
}

TEST(CosineHistogram, DescribesAsTheNumbersThemselvesDo) {
    const std::vector<double> cosines = normal_cosines(20000, 0.2, 0.15, 1);
    const Distribution exact = describe(cosines), binned = histogram_of(cosines).describe();
    EXPECT_EQ(binned.count, exact.count);
    EXPECT_NEAR(binned.mean, exact.mean, 1e-8);
    EXPECT_NEAR(binned.standard_deviation, exact.standard_deviation, 1e-7);
    EXPECT_EQ(binned.minimum, exact.minimum);
    EXPECT_EQ(binned.maximum, exact.maximum);
    for (size_t i = 0; i < exact.quantiles.size(); ++i) {
        // At 1 % and 99 % neighbouring numbers are farther apart than a bin is wide.
        EXPECT_NEAR(binned.quantiles[i], exact.quantiles[i], 1e-3) << i;
    }
}

TEST(CosineHistogram, RoundingBeyondOneIsForgivenAndPartsAddUp) {
    CosineHistogram whole = histogram_of({1 + 1e-7, -1 - 1e-7, 0.5}), part = histogram_of({0.25});
    part.merge(whole);
    const Distribution distribution = part.describe();
    EXPECT_EQ(distribution.count, 4);
    EXPECT_EQ(distribution.maximum, 1);
    EXPECT_EQ(distribution.minimum, -1);
    EXPECT_NEAR(distribution.mean, 0.1875, 1e-8);
    EXPECT_EQ(CosineHistogram().describe().count, 0);
}

TEST(Separation, DPrimeByHand) {
    // Means 0.7 and 0, both of standard deviation 0.1.
    const auto result = separation(histogram_of({0.8, 0.6}), histogram_of({0.1, -0.1}));
    ASSERT_TRUE(result && result->d_prime);
    EXPECT_NEAR(*result->d_prime, 7, 1e-5);
    EXPECT_EQ(result->equal_error_rate, 0);
    EXPECT_EQ(result->balanced_accuracy, 1);
    EXPECT_NEAR(result->accuracy_threshold, 0.1, 2 * kBin);
    EXPECT_GT(result->accuracy_threshold, 0.1);
}

TEST(Separation, OverlapCostsAccuracy) {
    // At 0.3 both of one person are accepted and one of two others; above 0.5 one and none.
    const auto result = separation(histogram_of({0.9, 0.3}), histogram_of({0.5, 0.1}));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->balanced_accuracy, 0.75);
    EXPECT_NEAR(result->accuracy_threshold, 0.1, 2 * kBin);
    EXPECT_EQ(result->equal_error_rate, 0.5);
}

TEST(Separation, EqualErrorRateAgreesWithTheSortedList) {
    const std::vector<double> same = normal_cosines(3000, 0.5, 0.15, 2),
                              other = normal_cosines(5000, 0.1, 0.12, 3);
    std::vector<double> all;
    for (const double cosine : same) all.push_back(1 - cosine);
    for (const double cosine : other) all.push_back(1 - cosine);
    std::vector<bool> truth(same.size(), true);
    truth.resize(all.size(), false);
    const RocCurve distances = RocCurve::of_pairs(all, truth);
    const auto result = separation(histogram_of(same), histogram_of(other));
    ASSERT_TRUE(result);
    EXPECT_NEAR(result->equal_error_rate, equal_error_rate(distances), 5e-4);
    const auto threshold = threshold_at_far(histogram_of(other), 0.01);
    ASSERT_TRUE(threshold);
    EXPECT_NEAR(*threshold, 1 - tar_at_far(distances, 0.01).threshold, 2 * kBin);
}

TEST(Separation, OneKindAloneOrNoSpreadHasNone) {
    EXPECT_FALSE(separation(histogram_of({0.5}), CosineHistogram()));
    EXPECT_FALSE(separation(CosineHistogram(), histogram_of({0.5})));
    const auto constant = separation(histogram_of({0.5, 0.5}), histogram_of({0.25}));
    ASSERT_TRUE(constant);
    EXPECT_FALSE(constant->d_prime);
}

TEST(Threshold, LetsNoMoreThanTheAllowedPairsPass) {
    std::vector<double> cosines;
    for (int i = 0; i < 10; ++i) cosines.push_back(i / 10.0 + 0.01);
    const CosineHistogram histogram = histogram_of(cosines);
    const auto threshold = threshold_at_far(histogram, 0.2);
    ASSERT_TRUE(threshold);
    // 0.91 and 0.81 pass, 0.71 does not.
    EXPECT_GT(*threshold, 0.71);
    EXPECT_LT(*threshold, 0.71 + 2 * kBin);
    EXPECT_EQ(threshold_at_far(histogram, 1), -1);
    EXPECT_FALSE(threshold_at_far(histogram, 0.05));
    for (const double far : {0.0, -1.0, 1.5, std::nan("")}) {
        try {
            threshold_at_far(histogram, far);
            ADD_FAILURE() << far;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::kUsage);
        }
    }
}

}  // namespace
}  // namespace quantface::test
