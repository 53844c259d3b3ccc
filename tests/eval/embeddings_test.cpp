#include "eval/embeddings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "base/error.h"
#include "eval/agreement.h"

namespace quantface::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

template <typename Work>
void expect_error(ErrorKind kind, const Work& work) {
    try {
        work();
        ADD_FAILURE() << "not refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), kind) << error.what();
    }
}

TEST(Embeddings, NormalizeScalesRowsAndCountsWhatHasNoDirection) {
    std::vector<float> rows = {3, 4, 0, 0, 0, -2, 1, kNan, kInfinity, 1};
    EXPECT_EQ(normalize_embeddings(rows, 2), 3);
    EXPECT_EQ(rows, (std::vector<float>{0.6f, 0.8f, 0, 0, 0, -1, 0, 0, 0, 0}));
    expect_error(ErrorKind::kUsage, [&] { normalize_embeddings(rows, 3); });
    expect_error(ErrorKind::kUsage, [&] { normalize_embeddings(rows, 0); });
}

// Squares of these leave the range of float32.
TEST(Embeddings, ExtremeLengthsKeepTheirDirection) {
    std::vector<float> rows = {3e30f, 4e30f, 3e-30f, 4e-30f};
    EXPECT_EQ(normalize_embeddings(rows, 2), 0);
    for (size_t row = 0; row < 2; ++row) {
        EXPECT_NEAR(rows[row * 2], 0.6, 1e-6);
        EXPECT_NEAR(rows[row * 2 + 1], 0.8, 1e-6);
    }
    const std::vector<float> large = {3e38f, 3e38f}, small = {1e-40f, 1e-40f};
    EXPECT_NEAR(cosine_similarity(large, small), 1, 1e-4);
}

TEST(Embeddings, CosineAndDistance) {
    const std::vector<float> x = {2, 0}, y = {0, 5}, diagonal = {7, 7}, opposite = {-3, 0};
    EXPECT_DOUBLE_EQ(cosine_similarity(x, x), 1);
    EXPECT_DOUBLE_EQ(cosine_similarity(x, y), 0);
    EXPECT_DOUBLE_EQ(cosine_similarity(x, opposite), -1);
    EXPECT_NEAR(cosine_similarity(x, diagonal), std::numbers::sqrt2 / 2, 1e-15);
    EXPECT_EQ(normalized_distance(diagonal, diagonal), 0);
    EXPECT_DOUBLE_EQ(normalized_distance(x, y), 2);
    EXPECT_EQ(normalized_distance(x, opposite), 4);
    EXPECT_NEAR(normalized_distance(x, diagonal), 2 - std::numbers::sqrt2, 1e-15);
}

TEST(Embeddings, FlipsAreSummedRaw) {
    const std::vector<float> plain = {1, 2, 3}, mirrored = {10, 20, -3}, other = {1};
    EXPECT_EQ(sum_of_flips(plain, mirrored), (std::vector<float>{11, 22, 0}));
    expect_error(ErrorKind::kUsage, [&] { sum_of_flips(plain, other); });
}

TEST(Agreement, MeanSpreadMinimumAndPercentile) {
    // Cosines 1, 0, -1 and 0.6.
    const std::vector<float> teacher = {1, 0, 1, 0, 1, 0, 1, 0}, student = {5, 0, 0, 2, -1, 0, 3, 4};
    const EmbeddingAgreement agreement = measure_agreement(student, teacher, 2);
    EXPECT_EQ(agreement.images, 4);
    EXPECT_EQ(agreement.invalid_embeddings, 0);
    EXPECT_NEAR(agreement.mean, 0.15, 1e-12);
    EXPECT_NEAR(agreement.minimum, -1, 1e-12);
    // Squares 1, 0, 1, 0.36: mean 0.59, less 0.15 squared.
    EXPECT_NEAR(agreement.standard_deviation, std::sqrt(0.5675), 1e-12);
    // Rank 0.03 of -1, 0, 0.6, 1.
    EXPECT_NEAR(agreement.first_percentile, -0.97, 1e-12);
}

TEST(Agreement, PercentileLiesBetweenTheRightRanks) {
    // 201 images; the worst three have cosine -1, 0 and 0.6: rank 2 is the percentile.
    std::vector<float> teacher, student;
    for (int image = 0; image < 201; ++image) {
        teacher.insert(teacher.end(), {1, 0});
        const std::vector<float> row = image == 50    ? std::vector<float>{-1, 0}
                                       : image == 100 ? std::vector<float>{0, 1}
                                       : image == 150 ? std::vector<float>{3, 4}
                                                      : std::vector<float>{2, 0};
        student.insert(student.end(), row.begin(), row.end());
    }
    EXPECT_NEAR(measure_agreement(student, teacher, 2).first_percentile, 0.6, 1e-12);
}

TEST(Agreement, BrokenStudentsCountAsZeroAndBrokenTeachersAreRefused) {
    const std::vector<float> teacher = {1, 0, 1, 0, 1, 0}, student = {2, 0, kNan, 1, 0, 0};
    const EmbeddingAgreement agreement = measure_agreement(student, teacher, 2);
    EXPECT_EQ(agreement.invalid_embeddings, 2);
    EXPECT_NEAR(agreement.mean, 1.0 / 3, 1e-12);
    EXPECT_EQ(agreement.minimum, 0);
    expect_error(ErrorKind::kFailed, [&] { measure_agreement(teacher, student, 2); });
    expect_error(ErrorKind::kUsage, [&] { measure_agreement({}, {}, 2); });
    expect_error(ErrorKind::kUsage, [&] { measure_agreement(teacher, student, 4); });
}

}  // namespace
}  // namespace quantface::test
