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
struct Embeddings {
    std::vector<float> rows;
    std::vector<bool> same;

    Embeddings() {
        for (int pair = 0; pair < 20; ++pair) {
            const float length = static_cast<float>(pair + 1);
            const bool is_same = pair % 2 == 0;
            same.push_back(is_same);
            rows.insert(rows.end(), {length, 0});
            if (is_same) {
                rows.insert(rows.end(), {3, 0});
            } else {
                rows.insert(rows.end(), {0, 5});
            }
        }
    }
};

TEST(EvaluateVerification, PerfectEmbeddings) {
    const Embeddings embeddings;
    const std::vector<double> fars = {0.1, 0.01};
    const VerificationResult result = evaluate_verification(embeddings.rows, 2, embeddings.same, fars);
    EXPECT_EQ(result.pairs, 20);
    EXPECT_EQ(result.genuine_pairs, 10);
    EXPECT_EQ(result.impostor_pairs, 10);
    EXPECT_EQ(result.invalid_embeddings, 0);
    EXPECT_EQ(result.ten_fold.accuracy_mean, 1);
    EXPECT_EQ(result.auc, 1);
    EXPECT_EQ(result.equal_error_rate, 0);
    ASSERT_EQ(result.tar_at_far.size(), 2u);
    EXPECT_EQ(result.tar_at_far[0].tar, 1.0);
    EXPECT_NEAR(result.tar_at_far[0].threshold, 2, 1e-12);
    EXPECT_EQ(result.tar_at_far[1].far, 0.01);
    EXPECT_EQ(result.tar_at_far[1].tar, std::nullopt);
}

TEST(EvaluateVerification, EmbeddingsWithoutDirectionCountAsWrong) {
    Embeddings embeddings;
    embeddings.rows[0] = 0;                                        // pair 0, genuine
    embeddings.rows[4] = std::numeric_limits<float>::quiet_NaN();  // pair 1, impostor
    embeddings.rows[7] = std::numeric_limits<float>::infinity();   // pair 1 again
    int64_t invalid = 0;
    const auto distances = pair_distances(embeddings.rows, 2, embeddings.same, invalid);
    EXPECT_EQ(invalid, 3);
    EXPECT_EQ(distances[0], 4);
    EXPECT_EQ(distances[1], 0);
    EXPECT_EQ(distances[2], 0);
    EXPECT_NEAR(distances[3], 2, 1e-12);
    const VerificationResult result = evaluate_verification(embeddings.rows, 2, embeddings.same, {});
    EXPECT_EQ(result.invalid_embeddings, 3);
    EXPECT_NEAR(result.ten_fold.accuracy_mean, 0.9, 1e-12);
    EXPECT_LT(result.auc, 1);
}

TEST(EvaluateVerification, WrongSizesAreRefused) {
    const Embeddings embeddings;
    EXPECT_THROW(evaluate_verification(embeddings.rows, 4, embeddings.same, {}), Error);
    EXPECT_THROW(evaluate_verification(embeddings.rows, 0, embeddings.same, {}), Error);
    EXPECT_THROW(evaluate_verification(embeddings.rows, 2, std::vector<bool>(20, true), {}), Error);
}

}  // namespace
}  // namespace quantface::test
