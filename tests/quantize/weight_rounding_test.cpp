#include "quantize/weight_rounding.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "numerics/quantization.h"

namespace quantface {
namespace {

Matrix random_matrix(Eigen::Index rows, Eigen::Index columns, uint64_t seed) {
    Rng rng(seed);
    Matrix matrix(rows, columns);
    for (Eigen::Index index = 0; index < matrix.size(); ++index) {
        matrix.data()[index] = static_cast<float>(rng.normal());
    }
    return matrix;
}

Matrix dequantized(const RoundedWeights& rounded, Eigen::Index rows, Eigen::Index columns) {
    Matrix matrix(rows, columns);
    for (Eigen::Index row = 0; row < rows; ++row) {
        for (Eigen::Index column = 0; column < columns; ++column) {
            const int32_t zero_point = rounded.zero_point.empty() ? 0 : rounded.zero_point[row];
            matrix(row, column) =
                static_cast<float>(rounded.level[row * columns + column] - zero_point) * rounded.scale[row];
        }
    }
    return matrix;
}

// Squared difference of the layer's outputs, means removed (the bias takes them).
double output_loss(const Matrix& weight, const Matrix& rounded, const LayerSamples& samples) {
    const Matrix difference = samples.teacher * weight.transpose() - samples.student * rounded.transpose();
    return (difference.rowwise() - difference.colwise().mean()).squaredNorm();
}

LayerSamples correlated_samples(Eigen::Index count, Eigen::Index columns, uint64_t seed) {
    const Matrix mix =
        random_matrix(columns, columns, seed) * 0.4f + Matrix(Matrix::Identity(columns, columns));
    LayerSamples samples;
    samples.teacher = random_matrix(count, columns, seed + 1) * mix;
    samples.student = samples.teacher;
    return samples;
}

TEST(RoundToNearest, StaysWithinTheLevels) {
    const Matrix weight = random_matrix(7, 33, 1);
    for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
        const RoundedWeights rounded = round_to_nearest(weight, bits);
        for (const int32_t level : rounded.level) EXPECT_LE(std::abs(level), weight_limit(bits));
        for (const float scale : rounded.scale) EXPECT_GT(scale, 0);
    }
    const double error8 = (dequantized(round_to_nearest(weight, 8), 7, 33) - weight).norm() / weight.norm();
    EXPECT_LT(error8, 0.01);
}

// Rows as the formula meets them: both signs, one sign only, zeros, one weight.
TEST(RoundToNearest, AsymmetricGridsReachFromTheLeastToTheGreatestWeight) {
    Matrix weight = random_matrix(6, 40, 9);
    weight.row(1) = weight.row(1).cwiseAbs().array() + 0.5f;
    weight.row(2) = -weight.row(1) * 1e-6f;
    weight.row(3).setZero();
    weight.row(4).setZero();
    weight(4, 7) = -2.5f;
    weight(5, 0) = 30.0f;
    for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
        const int32_t max_level = (1 << bits) - 1;
        const RoundedWeights rounded = round_to_nearest(weight, bits, WeightGrid::kAsymmetric);
        ASSERT_EQ(rounded.zero_point.size(), 6u);
        const Matrix result = dequantized(rounded, 6, 40);
        for (Eigen::Index row = 0; row < 6; ++row) {
            const float low = std::min(0.0f, weight.row(row).minCoeff());
            const float high = std::max(0.0f, weight.row(row).maxCoeff());
            const float scale = row == 3 ? 1.0f : (high - low) / static_cast<float>(max_level);
            EXPECT_FLOAT_EQ(rounded.scale[row], scale);
            EXPECT_GE(rounded.zero_point[row], 0);
            EXPECT_LE(rounded.zero_point[row], max_level);
            EXPECT_NEAR(static_cast<float>(rounded.zero_point[row]), -low / scale, 0.501f);
            // The rounded zero point may move the range by half a step, which the ends then lose.
            EXPECT_LE((result.row(row) - weight.row(row)).cwiseAbs().maxCoeff(), scale * 1.001f) << bits;
        }
        for (const int32_t level : rounded.level) EXPECT_TRUE(level >= 0 && level <= max_level);
        EXPECT_EQ(rounded.zero_point[1], 0);
        EXPECT_EQ(rounded.zero_point[2], max_level);
        EXPECT_EQ(result.row(3).cwiseAbs().maxCoeff(), 0.0f);
        EXPECT_EQ(result(4, 0), 0.0f);
        EXPECT_FLOAT_EQ(result(4, 7), -2.5f);
    }
}

TEST(RoundToNearest, AsymmetricGridsSuitSkewedWeights) {
    const Matrix weight = random_matrix(8, 64, 10).cwiseAbs();
    for (const int bits : {4, 6, 8}) {
        const Matrix symmetric = dequantized(round_to_nearest(weight, bits), 8, 64);
        const Matrix asymmetric = dequantized(round_to_nearest(weight, bits, WeightGrid::kAsymmetric), 8, 64);
        EXPECT_LT((asymmetric - weight).norm(), 0.7f * (symmetric - weight).norm()) << bits;
    }
}

TEST(CompensatedRounding, BeatsRoundingToNearestOnAsymmetricGrids) {
    const Matrix weight = random_matrix(16, 48, 12).array() + 0.4f;
    const LayerSamples samples = correlated_samples(3000, 48, 13);
    for (const int bits : {3, 4, 6}) {
        const auto grid = WeightGrid::kAsymmetric;
        const RoundedWeights compensated = CompensatedRounding(weight, samples).at(bits, grid);
        for (const int32_t level : compensated.level) EXPECT_TRUE(level >= 0 && level < 1 << bits);
        const double before =
            output_loss(weight, dequantized(round_to_nearest(weight, bits, grid), 16, 48), samples);
        EXPECT_LT(output_loss(weight, dequantized(compensated, 16, 48), samples), 0.8 * before) << bits;
    }
}

TEST(CompensatedRounding, BeatsRoundingToNearest) {
    const Matrix weight = random_matrix(16, 48, 2);
    const LayerSamples samples = correlated_samples(3000, 48, 3);
    for (const int bits : {2, 3, 4, 6}) {
        const RoundedWeights compensated = CompensatedRounding(weight, samples).at(bits);
        for (const int32_t level : compensated.level) EXPECT_LE(std::abs(level), weight_limit(bits));
        const double before =
            output_loss(weight, dequantized(round_to_nearest(weight, bits), 16, 48), samples);
        const double after = output_loss(weight, dequantized(compensated, 16, 48), samples);
        EXPECT_LT(after, 0.8 * before) << bits;
    }
}

TEST(CompensatedRounding, MakesUpForWhatTheInputsLost) {
    const Matrix weight = random_matrix(8, 24, 4);
    LayerSamples samples = correlated_samples(4000, 24, 5);
    samples.student = samples.teacher * 0.8f + random_matrix(4000, 24, 6) * 0.3f;
    const Matrix plain = dequantized(round_to_nearest(weight, 8), 8, 24);
    const Matrix fitted = dequantized(CompensatedRounding(weight, samples).at(8), 8, 24);
    EXPECT_LT(output_loss(weight, fitted, samples), 0.8 * output_loss(weight, plain, samples));
}

TEST(CompensatedRounding, SurvivesDegenerateInputs) {
    const Matrix weight = random_matrix(4, 10, 7);
    LayerSamples samples;
    samples.teacher = Matrix::Zero(50, 10);
    samples.student = samples.teacher;
    for (const float scale : CompensatedRounding(weight, samples).at(6).scale) {
        EXPECT_TRUE(std::isfinite(scale) && scale > 0);
    }
    const CompensatedRounding nothing(Matrix::Zero(3, 10), correlated_samples(50, 10, 8));
    const RoundedWeights zero = nothing.at(4);
    for (const int32_t level : zero.level) EXPECT_EQ(level, 0);
    const RoundedWeights asymmetric = nothing.at(4, WeightGrid::kAsymmetric);
    EXPECT_EQ(asymmetric.level, zero.level);
    EXPECT_EQ(asymmetric.zero_point, (std::vector<int32_t>{0, 0, 0}));
}

}  // namespace
}  // namespace quantface
