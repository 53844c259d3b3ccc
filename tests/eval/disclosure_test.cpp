#include "eval/disclosure.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace quantface::test {
namespace {

// Four training images of two people at angles of 0, 10, 90 and 130 degrees.
PairScan training_scan(const std::vector<int64_t>& identities) {
    std::vector<float> rows;
    for (const double degrees : {0.0, 10.0, 90.0, 130.0}) {
        const double angle = degrees * std::acos(-1.0) / 180;
        rows.push_back(static_cast<float>(std::cos(angle)));
        rows.push_back(static_cast<float>(std::sin(angle)));
    }
    ThreadPool pool(1);
    SilentProgress progress;
    PairScanOptions options;
    options.identities = identities;
    return scan_pairs(rows, 2, options, pool, progress);
}

double cosine_of(double degrees) {
    return std::cos(degrees * std::acos(-1.0) / 180);
}

const std::vector<Neighbour> kNearest = {{2, 0.5}, {0, 0.95}, {-1, -1}, {3, 0.9}};

TEST(Disclosure, AtAGivenThreshold) {
    DisclosureOptions options;
    options.threshold = 0.9;
    options.closest = 2;
    const Disclosure result = measure_disclosure(kNearest, training_scan({1, 1, 2, 2}), options);
    EXPECT_EQ(result.threshold, 0.9);
    EXPECT_FALSE(result.far || result.share_by_chance);
    // The third image has no direction and takes no part.
    EXPECT_EQ(result.set.cosines.count, 3);
    EXPECT_NEAR(result.set.share_above_threshold, 2.0 / 3, 1e-12);
    EXPECT_EQ(result.set.cosines.median(), 0.9);
    // Nearest others: 10, 10, 40 and 40 degrees away; of other people 90, 80, 80 and 120.
    EXPECT_EQ(result.leave_one_out.share_above_threshold, 0.5);
    EXPECT_NEAR(result.leave_one_out.cosines.minimum, cosine_of(40), 1e-6);
    ASSERT_TRUE(result.leave_identity_out);
    EXPECT_EQ(result.leave_identity_out->share_above_threshold, 0);
    EXPECT_NEAR(result.leave_identity_out->cosines.maximum, cosine_of(80), 1e-6);
    ASSERT_EQ(result.closest.size(), 2u);
    EXPECT_EQ(result.closest[0].image, 1);
    EXPECT_EQ(result.closest[0].training_image, 0);
    EXPECT_EQ(result.closest[1].image, 3);
    EXPECT_EQ(result.closest[1].training_image, 3);
}

TEST(Disclosure, TheThresholdComesFromOtherPeoplesPairs) {
    DisclosureOptions options;
    options.far = 0.25;
    const Disclosure result = measure_disclosure(kNearest, training_scan({1, 1, 2, 2}), options);
    // Other people's pairs are 80, 90, 120 and 130 degrees apart: one of four may pass.
    EXPECT_EQ(result.far, 0.25);
    EXPECT_EQ(result.threshold_pairs, 4);
    EXPECT_FALSE(result.threshold_unlabelled);
    EXPECT_NEAR(result.threshold, cosine_of(90), 2 * CosineHistogram::kBinWidth);
    EXPECT_EQ(result.set.share_above_threshold, 1);
    ASSERT_TRUE(result.share_by_chance);
    EXPECT_NEAR(*result.share_by_chance, 1 - std::pow(0.75, 4), 1e-12);
}

TEST(Disclosure, WithoutIdentitiesFromAllPairs) {
    DisclosureOptions options;
    options.far = 0.2;
    const Disclosure result = measure_disclosure(kNearest, training_scan({}), options);
    EXPECT_TRUE(result.threshold_unlabelled);
    EXPECT_EQ(result.threshold_pairs, 6);
    // One of six may pass, the one at 10 degrees; that at 40 may not.
    EXPECT_NEAR(result.threshold, cosine_of(40), 2 * CosineHistogram::kBinWidth);
    EXPECT_FALSE(result.leave_identity_out);
}

TEST(Disclosure, WhatCannotBeMeasuredIsRefused) {
    try {
        measure_disclosure(kNearest, training_scan({1, 1, 2, 2}), {});
        ADD_FAILURE() << "four pairs support no FAR of 0.001";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kUsage);
        EXPECT_NE(std::string(error.what()).find("--far"), std::string::npos);
    }
    DisclosureOptions options;
    options.threshold = 0.5;
    const std::vector<Neighbour> none(3);
    try {
        measure_disclosure(none, training_scan({}), options);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kFailed);
    }
}

}  // namespace
}  // namespace quantface::test
