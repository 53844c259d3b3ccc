#include "eval/cosine_histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/error.h"

namespace quantface {

namespace {

double edge(size_t bin) {
    return static_cast<double>(bin) * CosineHistogram::kBinWidth - 1;
}

double share(int64_t part, int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
}

std::optional<double> d_prime(const Distribution& same, const Distribution& other) {
    const double variance = (same.standard_deviation * same.standard_deviation +
                             other.standard_deviation * other.standard_deviation) /
                            2;
    if (!(variance > 0)) return std::nullopt;
    return (same.mean - other.mean) / std::sqrt(variance);
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
    double far = 0, frr = 1;
    bool crossed = false;
    for (size_t bin = accepted.size(); bin-- > 0;) {
        const double next_far = share(passed[bin], impostors);
        const double next_frr = 1 - share(accepted[bin], genuine);
        const double accuracy = 1 - (next_far + next_frr) / 2;
        if (accuracy >= result.balanced_accuracy) {
            result.balanced_accuracy = accuracy;
            result.accuracy_threshold = edge(bin);
        }
        if (!crossed && next_far >= next_frr) {
            // On the line to this point, the share of the way at which both are equal.
            const double steps = (next_far - far) + (frr - next_frr);
            const double way = steps > 0 ? (frr - far) / steps : 0;
            result.equal_error_rate = far + way * (next_far - far);
            crossed = true;
        }
        far = next_far;
        frr = next_frr;
    }
    return result;
}

std::optional<double> threshold_at_far(const CosineHistogram& other, double far) {
    if (!(far > 0 && far <= 1))
        fail_usage("a FAR of " + std::to_string(far) + "; it must be above 0, at most 1");
    const auto pairs = static_cast<double>(other.count());
    // The last bits of a decimal like 0.29, whose double times 100 is below 29, are forgiven.
    const auto allowed = static_cast<int64_t>(std::floor(far * pairs * (1 + 1e-12)));
    if (allowed == 0) return std::nullopt;
    const std::vector<int64_t> passed = other.counts_from();
    size_t bin = passed.size() - 1;
    while (bin > 0 && passed[bin - 1] <= allowed) --bin;
    return edge(bin);
}

}  // namespace quantface
