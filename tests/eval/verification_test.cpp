#include "eval/verification.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"

namespace quantface::test {
namespace {

struct Pairs {
    std::vector<double> distances;
    std::vector<bool> same;

    void add(bool is_same, double distance) {
        same.push_back(is_same);
        distances.push_back(distance);
    }
};

TEST(TenFold, TheLowestOfTheBestThresholdsIsTaken) {
    Pairs pairs;
    for (int fold = 0; fold < 10; ++fold) {
        pairs.add(true, 0.5);
        pairs.add(false, 1.5);
    }
    const TenFoldResult result = ten_fold_accuracy(pairs.distances, pairs.same);
    EXPECT_EQ(result.accuracy_mean, 1);
    EXPECT_EQ(result.accuracy_std, 0);
    // At 0.50 a distance of 0.5 is not below it; 0.51 to 1.50 are all perfect.
    EXPECT_NEAR(result.threshold_mean, 0.51, 1e-12);
}

// One fold contradicts all others: its threshold comes from them, and theirs bends to it.
TEST(TenFold, FoldsAreBlocksJudgedByTheOthers) {
    Pairs pairs;
    pairs.add(true, 1.2);
    pairs.add(false, 0.3);
    for (int fold = 1; fold < 10; ++fold) {
        pairs.add(true, 0.5);
        pairs.add(false, 1.5);
    }
    const TenFoldResult result = ten_fold_accuracy(pairs.distances, pairs.same);
    std::vector<double> expected(10, 1.0);
    expected[0] = 0;  // 0.51 is best for the others and judges both pairs wrong
    EXPECT_EQ(result.fold_accuracies, expected);
    EXPECT_NEAR(result.accuracy_mean, 0.9, 1e-12);
    EXPECT_NEAR(result.accuracy_std, 0.3, 1e-12);  // a sample deviation would be 0.316
    EXPECT_NEAR(result.threshold_mean, (0.51 + 9 * 1.21) / 10, 1e-12);
}

TEST(TenFold, FirstFoldsAreOnePairLongerWhereItDoesNotDivide) {
    Pairs pairs;
    for (int pair = 0; pair < 23; ++pair) pairs.add(pair % 2 == 0, pair % 2 == 0 ? 0.5 : 1.5);
    pairs.distances[2] = 3;   // wrong, in the first fold of three
    pairs.distances[10] = 3;  // wrong, in the fold of pairs 9 and 10
    const TenFoldResult result = ten_fold_accuracy(pairs.distances, pairs.same);
    EXPECT_DOUBLE_EQ(result.fold_accuracies[0], 2.0 / 3);
    EXPECT_DOUBLE_EQ(result.fold_accuracies[3], 0.5);
    EXPECT_DOUBLE_EQ(std::accumulate(result.fold_accuracies.begin(), result.fold_accuracies.end(), 0.0),
                     8 + 2.0 / 3 + 0.5);
}

TEST(TenFold, DistanceOfFourIsNeverSame) {
    Pairs pairs;
    for (int pair = 0; pair < 10; ++pair) pairs.add(true, 4);
    EXPECT_EQ(ten_fold_accuracy(pairs.distances, pairs.same).accuracy_mean, 0);
    for (double& distance : pairs.distances) distance = 0;
    const TenFoldResult result = ten_fold_accuracy(pairs.distances, pairs.same);
    EXPECT_EQ(result.accuracy_mean, 1);
    EXPECT_NEAR(result.threshold_mean, 0.01, 1e-12);  // 0 is not below 0
}

// The definition, word for word.
double accuracy_at(const Pairs& pairs, size_t begin, size_t end, double threshold, bool inside) {
    int right = 0, count = 0;
    for (size_t pair = 0; pair < pairs.same.size(); ++pair) {
        if ((pair >= begin && pair < end) != inside) continue;
        ++count;
        right += (pairs.distances[pair] < threshold) == pairs.same[pair];
    }
    return static_cast<double>(right) / count;
}

TEST(TenFold, AgreesWithTheDefinitionOnRandomPairs) {
    Rng rng(9);
    Pairs pairs;
    for (int pair = 0; pair < 500; ++pair) {
        const bool same = rng.chance(0.5);
        // Rounded to hundredths half of the time: ties with thresholds matter.
        double distance = std::min(4.0, std::max(0.0, (same ? 1.0 : 1.7) + 0.5 * rng.normal()));
        if (rng.chance(0.5)) distance = std::floor(distance * 100) * 0.01;
        pairs.add(same, distance);
    }
    const TenFoldResult result = ten_fold_accuracy(pairs.distances, pairs.same);
    for (size_t fold = 0; fold < 10; ++fold) {
        double best = -1, best_threshold = 0;
        for (int step = 0; step < 400; ++step) {
            const double accuracy = accuracy_at(pairs, fold * 50, fold * 50 + 50, step * 0.01, false);
            if (accuracy > best) {
                best = accuracy;
                best_threshold = step * 0.01;
            }
        }
        EXPECT_DOUBLE_EQ(result.fold_accuracies[fold],
                         accuracy_at(pairs, fold * 50, fold * 50 + 50, best_threshold, true));
    }
}

TEST(TenFold, WrongSizesAndNumbersAreRefused) {
    const std::vector<double> distances(10, 1.0), broken(10, std::numeric_limits<double>::quiet_NaN());
    EXPECT_THROW(ten_fold_accuracy(distances, std::vector<bool>(9, true)), Error);
    EXPECT_THROW(ten_fold_accuracy(distances, std::vector<bool>(10, true), 11), Error);
    EXPECT_THROW(ten_fold_accuracy(distances, std::vector<bool>(10, true), 1), Error);
    EXPECT_THROW(ten_fold_accuracy(broken, std::vector<bool>(10, true)), Error);
}

// Ten genuine pairs at a right angle of 0 and ten impostor pairs at 90 degrees, lengths as they come.

TEST(PairDistance, EmbeddingsWithoutDirectionCountAsWrong) {
    const std::vector<float> one = {3, 0}, other = {0, 5}, zero = {0, 0},
                             broken = {std::numeric_limits<float>::quiet_NaN(), 1};
    int64_t invalid = 0;
    EXPECT_EQ(pair_distance(one, one, true, invalid), 0);
    EXPECT_NEAR(pair_distance(one, other, false, invalid), 2, 1e-12);
    EXPECT_EQ(invalid, 0);
    EXPECT_EQ(pair_distance(one, zero, true, invalid), 4);
    EXPECT_EQ(pair_distance(broken, other, false, invalid), 0);
    EXPECT_EQ(invalid, 2);
    EXPECT_EQ(pair_distance(zero, broken, true, invalid), 4);
    EXPECT_EQ(invalid, 4);
}

}  // namespace
}  // namespace quantface::test
