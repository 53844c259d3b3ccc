#include "eval/spread.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "eval/embeddings.h"

namespace quantface {

namespace {

constexpr Eigen::Index kBlockRows = 1024;

struct Moments {
    int64_t count = 0;
    Eigen::VectorXd mean;
    Eigen::MatrixXd covariance;
};

Moments moments_of(std::span<const float> rows, int64_t dimension) {
    const auto width = static_cast<size_t>(dimension);
    Moments moments;
    moments.mean = Eigen::VectorXd::Zero(dimension);
    const auto for_each_valid = [&](const auto& use) {
        for (size_t start = 0; start < rows.size(); start += width) {
            const auto row = rows.subspan(start, width);
            if (!is_valid_embedding(row)) continue;
            use(Eigen::Map<const Eigen::VectorXf>(row.data(), dimension).cast<double>());
        }
    };
    for_each_valid([&](const auto& row) {
        moments.mean += row;
        ++moments.count;
    });
    if (moments.count < 2) fail_work("fewer than two embeddings have a direction: there is no spread");
    moments.mean /= static_cast<double>(moments.count);
    // About the mean, so that a strong common direction does not drown the rest; in blocks, as one product of
    // matrices takes a fraction of the time of its rows.
    moments.covariance = Eigen::MatrixXd::Zero(dimension, dimension);
    Eigen::MatrixXd block(dimension, kBlockRows);
    Eigen::Index filled = 0;
    const auto flush = [&] {
        const auto part = block.leftCols(filled);
        moments.covariance.selfadjointView<Eigen::Lower>().rankUpdate(part);
        filled = 0;
    };
    for_each_valid([&](const auto& row) {
        block.col(filled++) = row - moments.mean;
        if (filled == kBlockRows) flush();
    });
    flush();
    moments.covariance /= static_cast<double>(moments.count);
    return moments;
}

}  // namespace

EmbeddingSpread measure_spread(std::span<const float> rows, int64_t dimension) {
    if (dimension < 1 || rows.size() % static_cast<size_t>(dimension) != 0) {
        fail_usage(std::to_string(rows.size()) + " numbers do not make embeddings of " +
                   std::to_string(dimension));
    }
    const Moments moments = moments_of(rows, dimension);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(moments.covariance, Eigen::EigenvaluesOnly);
    if (solver.info() != Eigen::Success) fail_work("the covariance of the embeddings has no eigenvalues");
    EmbeddingSpread spread;
    spread.embeddings = moments.count;
    spread.mean_length = moments.mean.norm();
    const Eigen::VectorXd spectrum = solver.eigenvalues().cwiseMax(0.0);
    const double total = spectrum.sum();
    // float32 embeddings of length 1 that are all one still differ in their last bits.
    if (!(total > 1e-12)) {
        spread.effective_rank = 1;
        spread.largest_component = 1;
        return spread;
    }
    double entropy = 0;
    for (const double eigenvalue : spectrum) {
        const double p = eigenvalue / total;
        if (p > 0) entropy -= p * std::log(p);
        spread.largest_component = std::max(spread.largest_component, p);
    }
    spread.effective_rank = std::exp(entropy);
    return spread;
}

}  // namespace quantface
