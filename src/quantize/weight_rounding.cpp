#include "quantize/weight_rounding.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "numerics/quantization.h"

namespace quantface {

namespace {

// Ridge of the fit and damping of the rounding, as parts of the inputs' mean variance.
constexpr float kRidge = 0.02f;
constexpr float kDamping = 0.01f;
// A fit from few samples is trusted less.
constexpr float kRidgePerMissingSample = 0.5f;

int32_t nearest_level(float weight, float scale, int32_t limit) {
    const float level = round_half_to_even(weight / scale);
    return static_cast<int32_t>(std::clamp(level, static_cast<float>(-limit), static_cast<float>(limit)));
}

struct Moments {
    Matrix covariance;  // of the student's inputs
    Matrix cross;       // student's inputs (rows) against the teacher's
};

Moments centred_moments(const LayerSamples& samples) {
    const auto count = static_cast<float>(samples.student.rows());
    const Eigen::RowVectorXf student_mean = samples.student.colwise().mean();
    const Eigen::RowVectorXf teacher_mean = samples.teacher.colwise().mean();
    const Matrix student = samples.student.rowwise() - student_mean;
    const Matrix teacher = samples.teacher.rowwise() - teacher_mean;
    Moments moments;
    moments.covariance = student.transpose() * student / count;
    moments.cross = student.transpose() * teacher / count;
    return moments;
}

Matrix fit(const Matrix& weight, const Moments& moments, Eigen::Index sample_count) {
    const Eigen::Index columns = weight.cols();
    const float variance = moments.covariance.diagonal().mean();
    const float scarcity = static_cast<float>(columns) / static_cast<float>(sample_count);
    const float ridge = variance * (kRidge + kRidgePerMissingSample * scarcity) + 1e-12f;
    Matrix regularised = moments.covariance;
    regularised.diagonal().array() += ridge;
    const Eigen::LLT<Matrix> factor(regularised);
    if (factor.info() != Eigen::Success) return weight;
    const Matrix target = moments.cross * weight.transpose() + ridge * weight.transpose();
    const Matrix fitted = factor.solve(target).transpose();
    return fitted.allFinite() ? fitted : weight;
}

// Upper triangular U with U^T U = inverse(H), columns in rounding order.
bool inverse_factor(const Matrix& hessian, Matrix& upper) {
    const Eigen::LLT<Matrix> factor(hessian);
    if (factor.info() != Eigen::Success) return false;
    const Matrix inverse = factor.solve(Matrix::Identity(hessian.rows(), hessian.cols()));
    const Eigen::LLT<Matrix> inverse_llt(inverse);
    if (inverse_llt.info() != Eigen::Success) return false;
    upper = inverse_llt.matrixU();
    return upper.allFinite();
}

}  // namespace

std::vector<float> search_scales(const Matrix& weight, const Eigen::VectorXf& importance, int bits) {
    const auto limit = weight_limit(bits);
    std::vector<float> scales;
    for (Eigen::Index row = 0; row < weight.rows(); ++row) {
        const float largest = weight.row(row).cwiseAbs().maxCoeff();
        if (!(largest > 1e-30f)) {
            scales.push_back(1.0f);
            continue;
        }
        float best_scale = largest / static_cast<float>(limit);
        double best_error = HUGE_VAL;
        const float full_scale = best_scale;
        for (int step = 0; step <= 50; ++step) {
            const float scale = full_scale * (1.05f - 0.014f * static_cast<float>(step));
            double error = 0;
            for (Eigen::Index column = 0; column < weight.cols(); ++column) {
                const float number = weight(row, column);
                const float lost = number - scale * static_cast<float>(nearest_level(number, scale, limit));
                error += static_cast<double>(importance[column]) * lost * lost;
            }
            if (error < best_error) {
                best_error = error;
                best_scale = scale;
            }
        }
        scales.push_back(best_scale);
    }
    return scales;
}

RoundedWeights round_to_nearest(const Matrix& weight, int bits) {
    RoundedWeights rounded;
    rounded.scale = search_scales(weight, Eigen::VectorXf::Ones(weight.cols()), bits);
    for (Eigen::Index row = 0; row < weight.rows(); ++row) {
        for (Eigen::Index column = 0; column < weight.cols(); ++column) {
            rounded.level.push_back(
                nearest_level(weight(row, column), rounded.scale[row], weight_limit(bits)));
        }
    }
    return rounded;
}

RoundedWeights round_with_compensation(const Matrix& weight, const LayerSamples& samples, int bits) {
    if (samples.student.rows() < 2) return round_to_nearest(weight, bits);
    const Moments moments = centred_moments(samples);
    Matrix fitted = fit(weight, moments, samples.student.rows());

    const Eigen::Index columns = weight.cols();
    std::vector<Eigen::Index> order(columns);
    std::iota(order.begin(), order.end(), 0);
    const Eigen::VectorXf variance = moments.covariance.diagonal();
    std::stable_sort(order.begin(), order.end(),
                     [&](Eigen::Index a, Eigen::Index b) { return variance[a] > variance[b]; });
    Matrix hessian(columns, columns);
    for (Eigen::Index row = 0; row < columns; ++row) {
        for (Eigen::Index column = 0; column < columns; ++column) {
            hessian(row, column) = moments.covariance(order[row], order[column]);
        }
    }
    const float scarcity = static_cast<float>(columns) / static_cast<float>(samples.student.rows());
    const float damping = variance.mean() * (kDamping + kRidgePerMissingSample * scarcity) + 1e-12f;
    hessian.diagonal().array() += damping;
    Matrix upper;
    if (!inverse_factor(hessian, upper)) return round_to_nearest(weight, bits);

    RoundedWeights rounded;
    rounded.scale = search_scales(fitted, variance.array() + damping, bits);
    rounded.level.resize(static_cast<size_t>(weight.size()));
    Matrix rest(weight.rows(), columns);
    for (Eigen::Index column = 0; column < columns; ++column) rest.col(column) = fitted.col(order[column]);
    for (Eigen::Index row = 0; row < weight.rows(); ++row) {
        const float scale = rounded.scale[row];
        for (Eigen::Index column = 0; column < columns; ++column) {
            const int32_t level = nearest_level(rest(row, column), scale, weight_limit(bits));
            rounded.level[row * columns + order[column]] = level;
            const float error =
                (rest(row, column) - scale * static_cast<float>(level)) / upper(column, column);
            const Eigen::Index left = columns - column - 1;
            rest.row(row).tail(left) -= error * upper.row(column).tail(left);
        }
    }
    return rounded;
}

}  // namespace quantface
