#include "eval/roc.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "base/rng.h"

namespace quantface::test {
namespace {

TEST(TarAtFar, TheFirstRefusedImpostorSetsTheThreshold) {
    const SplitDistances distances{{0.05, 0.15, 0.2, 0.25},
                                   {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0}};
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
    const SplitDistances distances{{0.05}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0}};
    EXPECT_EQ(tar_at_far(distances, 0.099).tar, std::nullopt);
    EXPECT_EQ(tar_at_far(distances, 1e-6).tar, std::nullopt);
    EXPECT_EQ(tar_at_far(distances, 1e-6).reached_far, 0);
}

TEST(TarAtFar, TiedImpostorsAreRefusedTogether) {
    const SplitDistances distances{{0.1, 0.3}, {0.2, 0.2, 0.2, 0.6}};
    // One may pass, but three stand at the same distance.
    const TarAtFar quarter = tar_at_far(distances, 0.25);
    EXPECT_EQ(quarter.threshold, 0.2);
    EXPECT_EQ(quarter.tar, 0.5);
    EXPECT_EQ(quarter.reached_far, 0);
    EXPECT_EQ(tar_at_far(distances, 0.75).tar, 1.0);
}

TEST(TarAtFar, DecimalsAreMeantAsWritten) {
    // 0.29 * 100 is 28.999999999999996 in double.
    SplitDistances distances{{28.5}, {}};
    for (int i = 0; i < 100; ++i) distances.impostor.push_back(i);
    EXPECT_EQ(tar_at_far(distances, 0.29).threshold, 29);
    EXPECT_EQ(tar_at_far(distances, 0.29).tar, 1.0);
    EXPECT_EQ(tar_at_far(distances, 0.28).tar, 0.0);
}

TEST(TarAtFar, FarOutOfRangeIsWrongUsage) {
    const SplitDistances distances{{1}, {2}};
    for (const double far : {0.0, -0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
        EXPECT_THROW(tar_at_far(distances, far), Error);
    }
}

TEST(RocAuc, CountsOrderedPairsAndHalvesTies) {
    EXPECT_EQ(roc_auc({{1, 2}, {3, 4}}), 1);
    EXPECT_EQ(roc_auc({{3, 4}, {1, 2}}), 0);
    EXPECT_EQ(roc_auc({{1, 3}, {2, 4}}), 0.75);
    EXPECT_EQ(roc_auc({{1, 1}, {1, 1, 1}}), 0.5);
    EXPECT_DOUBLE_EQ(roc_auc({{1, 2}, {2, 2, 3}}), (3 + 0.5 + 0.5 + 1) / 6);
}

TEST(EqualErrorRate, LiesWhereTheCurveCrosses) {
    EXPECT_DOUBLE_EQ(equal_error_rate({{1, 2}, {3, 4}}), 0);
    EXPECT_DOUBLE_EQ(equal_error_rate({{3, 4}, {1, 2}}), 1);
    EXPECT_DOUBLE_EQ(equal_error_rate({{1, 3}, {2, 4}}), 0.5);
    EXPECT_DOUBLE_EQ(equal_error_rate({{1, 2, 3, 5}, {4, 6, 7, 8}}), 0.25);
    // From FAR 1/4, FRR 1/3 straight down to FRR 0.
    EXPECT_DOUBLE_EQ(equal_error_rate({{1, 2, 4}, {3, 5, 6, 7}}), 0.25);
    // All at one distance: only chance decides.
    EXPECT_DOUBLE_EQ(equal_error_rate({{1, 1, 1}, {1, 1}}), 0.5);
    // Half of each tie: from (0, 1/2) to (1/2, 0).
    EXPECT_DOUBLE_EQ(equal_error_rate({{1, 2}, {2, 3}}), 0.25);
}

TEST(EqualErrorRate, OfTwoUniformDistributions) {
    Rng rng(1);
    SplitDistances distances;
    std::vector<double> all;
    std::vector<bool> same;
    // Genuine uniform in 0..1, impostors in 0.5..1.5: FAR t - 0.5 meets FRR 1 - t at 0.25; AUC is 1 - 0.5 *
    // 0.5 / 2.
    for (int i = 0; i < 200000; ++i) {
        same.push_back(i % 2 == 0);
        all.push_back(rng.uniform() + (i % 2) * 0.5);
    }
    distances = split_distances(all, same);
    EXPECT_NEAR(equal_error_rate(distances), 0.25, 0.005);
    EXPECT_NEAR(roc_auc(distances), 0.875, 0.005);
}

TEST(SplitDistances, SortsByTruthAndRefusesWhatCannotBeJudged) {
    const std::vector<double> distances = {3, 1, 2, 0.5};
    const SplitDistances split = split_distances(distances, {true, true, false, false});
    EXPECT_EQ(split.genuine, (std::vector<double>{1, 3}));
    EXPECT_EQ(split.impostor, (std::vector<double>{0.5, 2}));
    EXPECT_THROW(split_distances(distances, {true, true, true, true}), Error);
    EXPECT_THROW(split_distances(distances, {true, false}), Error);
    const std::vector<double> broken = {1, std::numeric_limits<double>::quiet_NaN()};
    EXPECT_THROW(split_distances(broken, {true, false}), Error);
}

}  // namespace
}  // namespace quantface::test
