#include "eval/spread.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "eval/embeddings.h"

namespace quantface::test {
namespace {

// Eigenvalues by Jacobi's rotations: slow, and nothing of the code under test.
std::vector<double> eigenvalues(std::vector<std::vector<double>> m) {
    const size_t n = m.size();
    for (int sweep = 0; sweep < 50; ++sweep) {
        for (size_t p = 0; p < n; ++p) {
            for (size_t q = p + 1; q < n; ++q) {
                if (std::fabs(m[p][q]) < 1e-18) continue;
                const double angle = 0.5 * std::atan2(2 * m[p][q], m[q][q] - m[p][p]);
                const double c = std::cos(angle), s = std::sin(angle);
                for (size_t k = 0; k < n; ++k) {
                    const double kp = m[k][p], kq = m[k][q];
                    m[k][p] = c * kp - s * kq;
                    m[k][q] = s * kp + c * kq;
                }
                for (size_t k = 0; k < n; ++k) {
                    const double pk = m[p][k], qk = m[q][k];
                    m[p][k] = c * pk - s * qk;
                    m[q][k] = s * pk + c * qk;
                }
            }
        }
    }
    std::vector<double> values;
    for (size_t i = 0; i < n; ++i) values.push_back(m[i][i]);
    return values;
}

TEST(Spread, TwoEqualDirectionsHaveRankTwo) {
    const std::vector<float> rows = {1, 0, 0, -1, 0, 0, 0, 1, 0, 0, -1, 0};
    const EmbeddingSpread spread = measure_spread(rows, 3);
    EXPECT_EQ(spread.embeddings, 4);
    EXPECT_NEAR(spread.effective_rank, 2, 1e-12);
    EXPECT_NEAR(spread.largest_component, 0.5, 1e-12);
    EXPECT_NEAR(spread.mean_length, 0, 1e-12);
}

TEST(Spread, UnevenDirectionsCountByTheirEntropy) {
    // Three pairs along the first axis, one along the second: shares 3/4 and 1/4.
    const std::vector<float> rows = {1, 0, -1, 0, 1, 0, -1, 0, 1, 0, -1, 0, 0, 1, 0, -1};
    const EmbeddingSpread spread = measure_spread(rows, 2);
    EXPECT_NEAR(spread.effective_rank, 4 / std::pow(3, 0.75), 1e-12);
    EXPECT_NEAR(spread.largest_component, 0.75, 1e-12);
}

TEST(Spread, TheCommonDirectionIsTakenAway) {
    const std::vector<float> rows = {0.6f, 0.8f, 0, 0.6f, -0.8f, 0};
    const EmbeddingSpread spread = measure_spread(rows, 3);
    EXPECT_NEAR(spread.mean_length, 0.6, 1e-7);
    EXPECT_NEAR(spread.effective_rank, 1, 1e-6);
}

TEST(Spread, EmbeddingsThatAreAllOneHaveRankOne) {
    std::vector<float> rows;
    for (int i = 0; i < 100; ++i) rows.insert(rows.end(), {0.1f, 0.7f, -0.3f});
    normalize_embeddings(rows, 3);
    const EmbeddingSpread spread = measure_spread(rows, 3);
    EXPECT_EQ(spread.effective_rank, 1);
    EXPECT_EQ(spread.largest_component, 1);
    EXPECT_NEAR(spread.mean_length, 1, 1e-6);
}

// More rows than a block holds, a strong common direction, rows without direction among them.
TEST(Spread, AgreesWithPlainLoopsAndJacobi) {
    constexpr size_t kSize = 6, kRows = 2500;
    Rng rng(7);
    std::vector<float> rows;
    for (size_t i = 0; i < kRows; ++i) {
        for (size_t k = 0; k < kSize; ++k) {
            const double number = k == 0 ? 3 + rng.normal() : rng.normal() / static_cast<double>(k);
            rows.push_back(i % 500 == 3 ? 0.0f : static_cast<float>(number));
        }
    }
    normalize_embeddings(rows, kSize);
    std::vector<double> mean(kSize, 0);
    std::vector<std::vector<double>> covariance(kSize, std::vector<double>(kSize, 0));
    double count = 0;
    for (size_t i = 0; i < kRows; ++i) {
        if (i % 500 == 3) continue;
        ++count;
        for (size_t a = 0; a < kSize; ++a) {
            mean[a] += rows[i * kSize + a];
            for (size_t b = 0; b < kSize; ++b)
                covariance[a][b] += double{rows[i * kSize + a]} * rows[i * kSize + b];
        }
    }
    double length = 0;
    for (double& x : mean) x /= count;
    for (size_t a = 0; a < kSize; ++a) {
        length += mean[a] * mean[a];
        for (size_t b = 0; b < kSize; ++b) covariance[a][b] = covariance[a][b] / count - mean[a] * mean[b];
    }
    double total = 0, entropy = 0;
    const std::vector<double> spectrum = eigenvalues(covariance);
    for (const double value : spectrum) total += value;
    for (const double value : spectrum) entropy -= value / total * std::log(value / total);
    const EmbeddingSpread spread = measure_spread(rows, kSize);
    EXPECT_EQ(spread.embeddings, 2495);
    EXPECT_NEAR(spread.effective_rank, std::exp(entropy), 1e-8);
    EXPECT_NEAR(spread.mean_length, std::sqrt(length), 1e-10);
    EXPECT_GT(spread.effective_rank, 2);
}

TEST(Spread, TooFewEmbeddingsAreRefused) {
    const std::vector<float> one = {0, 0, 1, 0}, odd = {1, 0, 0};
    try {
        measure_spread(one, 2);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kFailed);
    }
    try {
        measure_spread(odd, 2);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    }
}

}  // namespace
}  // namespace quantface::test
