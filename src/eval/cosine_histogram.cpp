#include "eval/cosine_histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/error.h"
#include "eval/roc.h"

namespace quantface {

namespace {

double edge(size_t bin) {
    return static_cast<double>(bin) * CosineHistogram::kBinWidth - 1;
}

double share(int64_t part, int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void CosineHistogram::merge(const CosineHistogram& other) {
    for (size_t bin = 0; bin < bins_.size(); ++bin) bins_[bin] += other.bins_[bin];
    sum_ += other.sum_;
    sum_of_squares_ += other.sum_of_squares_;
    minimum_ = std::min(minimum_, other.minimum_);
    maximum_ = std::max(maximum_, other.maximum_);
}

int64_t CosineHistogram::count() const {
    return std::accumulate(bins_.begin(), bins_.end(), int64_t{0});
}

std::vector<int64_t> CosineHistogram::counts_from() const {
    std::vector<int64_t> counts(bins_.size() + 1, 0);
    for (size_t bin = bins_.size(); bin-- > 0;) counts[bin] = counts[bin + 1] + bins_[bin];
    return counts;
}

Distribution CosineHistogram::describe() const {
    Distribution result;
    result.count = count();
    if (result.count == 0) return result;
    const auto pairs = static_cast<double>(result.count);
    result.mean = static_cast<double>(sum_) / kUnit / pairs;
    const double square = static_cast<double>(sum_of_squares_) / kUnit / pairs;
    // Below the sums' resolution there is no spread to speak of.
    const double variance = square - result.mean * result.mean;
    result.standard_deviation = variance > 4 / kUnit ? std::sqrt(variance) : 0;
    result.minimum = minimum_;
    result.maximum = maximum_;
    for (size_t i = 0; i < kReportedQuantiles.size(); ++i) {
        const double wanted = kReportedQuantiles[i] * pairs;
        double below = 0;
        size_t bin = 0;
        while (bin + 1 < bins_.size() && below + static_cast<double>(bins_[bin]) < wanted) {
            below += static_cast<double>(bins_[bin++]);
        }
        const double within = bins_[bin] > 0 ? (wanted - below) / static_cast<double>(bins_[bin]) : 0;
        result.quantiles[i] = std::clamp(edge(bin) + within * kBinWidth, minimum_, maximum_);
    }
    return result;
}

std::optional<Separation> separation(const CosineHistogram& same, const CosineHistogram& other) {
    const int64_t genuine = same.count(), impostors = other.count();
    if (genuine == 0 || impostors == 0) return std::nullopt;
    Separation result;
    result.d_prime = d_prime(same.describe(), other.describe());
    const std::vector<int64_t> accepted = same.counts_from(), passed = other.counts_from();
    result.equal_error_rate = equal_error_rate(RocCurve::of_histograms(same, other));
    for (size_t bin = accepted.size(); bin-- > 0;) {
        const double accuracy = (share(accepted[bin], genuine) + 1 - share(passed[bin], impostors)) / 2;
        if (accuracy >= result.balanced_accuracy) {
            result.balanced_accuracy = accuracy;
            result.accuracy_threshold = edge(bin);
        }
    }
    return result;
}

std::optional<double> threshold_at_far(const CosineHistogram& other, double far) {
    if (!(far > 0 && far <= 1))
        fail_usage("a FAR of " + std::to_string(far) + "; it must be above 0, at most 1");
    const int64_t allowed = allowed_impostors(far, other.count());
    if (allowed == 0) return std::nullopt;
    const std::vector<int64_t> passed = other.counts_from();
    size_t bin = passed.size() - 1;
    while (bin > 0 && passed[bin - 1] <= allowed) --bin;
    return edge(bin);
}

}  // namespace quantface
