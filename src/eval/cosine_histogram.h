// Cosines of very many pairs in little memory: counted in narrow bins, and the error rates that follow.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "eval/distribution.h"

namespace quantface {

// All sums are whole numbers, so the result does not depend on the order in which pairs come or on who counts
// them. Holds at least 10^10 pairs.
class CosineHistogram {
  public:
    static constexpr int kBins = 40000;
    // Quantiles and thresholds are exact to this.
    static constexpr double kBinWidth = 2.0 / kBins;

    CosineHistogram() : bins_(kBins, 0) {}

    // In [-1, 1], rounding beyond it forgiven; a number.
    void add(double cosine) {
        cosine = cosine < -1 ? -1 : cosine > 1 ? 1 : cosine;
        ++bins_[bin_of(cosine)];
        sum_ += static_cast<int64_t>(cosine * kUnit);
        sum_of_squares_ += static_cast<int64_t>(cosine * cosine * kUnit);
        minimum_ = cosine < minimum_ ? cosine : minimum_;
        maximum_ = cosine > maximum_ ? cosine : maximum_;
    }
    void merge(const CosineHistogram& other);

    int64_t count() const;
    // Mean and standard deviation to 1e-8, extremes exact, quantiles to kBinWidth.
    Distribution describe() const;
    // [bin]: pairs of a cosine from bin * kBinWidth - 1 on.
    std::vector<int64_t> counts_from() const;

  private:
    static constexpr double kUnit = 1 << 28;

    static size_t bin_of(double cosine) {
        const auto bin = static_cast<int>((cosine + 1) * (1 / kBinWidth));
        return static_cast<size_t>(bin < kBins ? bin : kBins - 1);
    }

    std::vector<int64_t> bins_;
    int64_t sum_ = 0, sum_of_squares_ = 0;  // in units of 1 / kUnit
    double minimum_ = 1, maximum_ = -1;
};

// A verifier that accepts a pair where its cosine is at or above a threshold, over all thresholds that lie a
// kBinWidth apart.
struct Separation {
    // (mean of same - mean of other) / sqrt((var of same + var of other) / 2), the d' of signal detection
    // (Green, Swets 1966). Nothing where neither varies.
    std::optional<double> d_prime;
    double equal_error_rate = 0;    // ROC curve straight between thresholds
    double balanced_accuracy = 0;   // largest mean of the shares judged right among same and other
    double accuracy_threshold = 0;  // the cosine at which it is (the lowest of equals)
};

// Nothing where one of the two is empty.
std::optional<Separation> separation(const CosineHistogram& same, const CosineHistogram& other);

// The lowest threshold at which at most `far` of the pairs are accepted. Nothing where there are fewer than
// 1 / far pairs: they cannot support this FAR. far in (0, 1], else Error(kUsage).
std::optional<double> threshold_at_far(const CosineHistogram& other, double far);

}  // namespace quantface
