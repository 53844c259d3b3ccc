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

int32_t nearest_level(float weight, float scale, int32_t least, int32_t greatest) {
    const float level = round_half_to_even(weight / scale);
    return static_cast<int32_t>(std::clamp(level, static_cast<float>(least), static_cast<float>(greatest)));
}

// The weights that one row can have: centred level * scale, centred level = least..greatest.
struct RowGrid {
    float scale;
    int32_t least, greatest;
    int32_t nearest(float weight) const { return nearest_level(weight, scale, least, greatest); }
};

RowGrid range_grid(const Matrix& weight, Eigen::Index row, int bits) {
    const int32_t max_level = (1 << bits) - 1;
    const float low = std::min(0.0f, weight.row(row).minCoeff());
    const float high = std::max(0.0f, weight.row(row).maxCoeff());
    if (!(high - low > 1e-30f)) return {1.0f, 0, max_level};
    const float scale = (high - low) / static_cast<float>(max_level);
    const auto zero_point = static_cast<int32_t>(round_half_to_even(-low / scale));
    return {scale, -zero_point, max_level - zero_point};
}

// importance: of columns, for the search of symmetric scales.
std::vector<RowGrid> choose_grids(const Matrix& weight, const Eigen::VectorXf& importance, int bits,
                                  WeightGrid kind) {
    std::vector<RowGrid> grids;
    if (kind == WeightGrid::kAsymmetric) {
        for (Eigen::Index row = 0; row < weight.rows(); ++row) grids.push_back(range_grid(weight, row, bits));
        return grids;
    }
    const int32_t limit = weight_limit(bits);
    for (const float scale : search_scales(weight, importance, bits)) grids.push_back({scale, -limit, limit});
    return grids;
}

int32_t zero_point(const RoundedWeights& rounded, Eigen::Index row) {
    return rounded.zero_point.empty() ? 0 : rounded.zero_point[row];
}

// Without levels yet.
RoundedWeights on_grids(const std::vector<RowGrid>& grids, Eigen::Index columns, WeightGrid kind) {
    RoundedWeights rounded;
    for (const RowGrid& grid : grids) {
        rounded.scale.push_back(grid.scale);
        if (kind == WeightGrid::kAsymmetric) rounded.zero_point.push_back(-grid.least);
    }
    rounded.level.resize(grids.size() * static_cast<size_t>(columns));
    return rounded;
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
                const float lost =
                    number - scale * static_cast<float>(nearest_level(number, scale, -limit, limit));
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

RoundedWeights round_to_nearest(const Matrix& weight, int bits, WeightGrid kind) {
    const auto grids = choose_grids(weight, Eigen::VectorXf::Ones(weight.cols()), bits, kind);
    RoundedWeights rounded = on_grids(grids, weight.cols(), kind);
    for (Eigen::Index row = 0; row < weight.rows(); ++row) {
        for (Eigen::Index column = 0; column < weight.cols(); ++column) {
            rounded.level[row * weight.cols() + column] =
                grids[row].nearest(weight(row, column)) + zero_point(rounded, row);
        }
    }
    return rounded;
}

CompensatedRounding::CompensatedRounding(const Matrix& weight, const LayerSamples& samples)
    : weight_(weight) {
    if (samples.student.rows() < 2) return;
    const Moments moments = centred_moments(samples);
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
    if (!inverse_factor(hessian, upper_)) return;
    weight_ = fit(weight, moments, samples.student.rows());
    importance_ = variance.array() + damping;
    order_ = std::move(order);
}

RoundedWeights CompensatedRounding::at(int bits, WeightGrid kind) const {
    if (order_.empty()) return round_to_nearest(weight_, bits, kind);
    const Eigen::Index columns = weight_.cols();
    const auto grids = choose_grids(weight_, importance_, bits, kind);
    RoundedWeights rounded = on_grids(grids, columns, kind);
    Matrix rest(weight_.rows(), columns);
    for (Eigen::Index column = 0; column < columns; ++column) rest.col(column) = weight_.col(order_[column]);
    for (Eigen::Index row = 0; row < weight_.rows(); ++row) {
        const float scale = grids[row].scale;
        for (Eigen::Index column = 0; column < columns; ++column) {
            const int32_t level = grids[row].nearest(rest(row, column));
            rounded.level[row * columns + order_[column]] = level + zero_point(rounded, row);
            const float error =
                (rest(row, column) - scale * static_cast<float>(level)) / upper_(column, column);
            const Eigen::Index left = columns - column - 1;
            rest.row(row).tail(left) -= error * upper_.row(column).tail(left);
        }
    }
    return rounded;
}

}  // namespace quantface
