#include "eval/verification.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/error.h"
#include "eval/embeddings.h"

namespace quantface {

namespace {

constexpr size_t kThresholds = 400;
constexpr double kThresholdStep = 0.01;
constexpr double kMaxDistance = 4;

// correct[t]: pairs that threshold t judges right.
using CorrectCounts = std::array<int64_t, kThresholds>;

double threshold_at(size_t index) {
    return static_cast<double>(index) * kThresholdStep;
}

// The first threshold above the distance, kThresholds where there is none.
size_t first_accepting(double distance) {
    // A guess by division, then exact comparisons: the thresholds are rounded products.
    auto index =
        static_cast<size_t>(std::clamp(distance / kThresholdStep, 0.0, static_cast<double>(kThresholds)));
    while (index > 0 && distance < threshold_at(index - 1)) --index;
    while (index < kThresholds && !(distance < threshold_at(index))) ++index;
    return index;
}

CorrectCounts count_correct(std::span<const double> distances, const std::vector<bool>& same, size_t begin,
                            size_t end) {
    CorrectCounts correct{};
    for (size_t pair = begin; pair < end; ++pair) {
        const size_t accepting = first_accepting(distances[pair]);
        const size_t from = same[pair] ? accepting : 0;
        const size_t to = same[pair] ? kThresholds : accepting;
        for (size_t t = from; t < to; ++t) ++correct[t];
    }
    return correct;
}

void check_pairs(std::span<const double> distances, const std::vector<bool>& same, int folds) {
    if (distances.size() != same.size()) {
        fail_usage(std::to_string(distances.size()) + " distances for " + std::to_string(same.size()) +
                   " pairs");
    }
    if (folds < 2 || same.size() < static_cast<size_t>(folds)) {
        fail_usage(std::to_string(same.size()) + " pairs do not make " + std::to_string(folds) + " folds");
    }
    for (size_t pair = 0; pair < distances.size(); ++pair) {
        if (!std::isfinite(distances[pair]))
            fail_usage("the distance of pair " + std::to_string(pair) + " is no number");
    }
}

}  // namespace

TenFoldResult ten_fold_accuracy(std::span<const double> distances, const std::vector<bool>& same, int folds) {
    check_pairs(distances, same, folds);
    const size_t pairs = same.size(), fold_count = static_cast<size_t>(folds);
    std::vector<CorrectCounts> by_fold;
    std::vector<size_t> sizes;
    CorrectCounts total{};
    for (size_t fold = 0, begin = 0; fold < fold_count; ++fold) {
        const size_t size = pairs / fold_count + (fold < pairs % fold_count ? 1 : 0);
        by_fold.push_back(count_correct(distances, same, begin, begin + size));
        sizes.push_back(size);
        for (size_t t = 0; t < kThresholds; ++t) total[t] += by_fold.back()[t];
        begin += size;
    }

    TenFoldResult result;
    for (size_t fold = 0; fold < fold_count; ++fold) {
        CorrectCounts elsewhere;
        for (size_t t = 0; t < kThresholds; ++t) elsewhere[t] = total[t] - by_fold[fold][t];
        // max_element gives the first maximum.
        const auto best =
            static_cast<size_t>(std::max_element(elsewhere.begin(), elsewhere.end()) - elsewhere.begin());
        result.fold_accuracies.push_back(static_cast<double>(by_fold[fold][best]) /
                                         static_cast<double>(sizes[fold]));
        result.fold_thresholds.push_back(threshold_at(best));
        result.threshold_mean += threshold_at(best);
    }
    // Summed, then divided: ten perfect folds give exactly 1.
    for (const double accuracy : result.fold_accuracies) result.accuracy_mean += accuracy;
    result.accuracy_mean /= folds;
    result.threshold_mean /= folds;
    double squares = 0;
    for (const double accuracy : result.fold_accuracies) {
        squares += (accuracy - result.accuracy_mean) * (accuracy - result.accuracy_mean);
    }
    result.accuracy_std = std::sqrt(squares / folds);
    return result;
}

double pair_distance(std::span<const float> a, std::span<const float> b, bool same, int64_t& invalid) {
    const bool a_valid = is_valid_embedding(a), b_valid = is_valid_embedding(b);
    invalid += (a_valid ? 0 : 1) + (b_valid ? 0 : 1);
    if (a_valid && b_valid) return normalized_distance(a, b);
    return same ? kMaxDistance : 0;
}

}  // namespace quantface
