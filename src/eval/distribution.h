// A list of numbers in a few: mean, standard deviation, extremes, quantiles.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace quantface {

// Linear between ranks, as NumPy's percentile.
inline constexpr std::array<double, 7> kReportedQuantiles = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

// Zeros where count is 0.
struct Distribution {
    int64_t count = 0;
    double mean = 0;
    double standard_deviation = 0;  // population
    double minimum = 0, maximum = 0;
    std::array<double, kReportedQuantiles.size()> quantiles{};  // at kReportedQuantiles

    double median() const { return quantiles[3]; }
};

// Of finite numbers.
Distribution describe(std::vector<double> numbers);

// (mean of genuine - mean of impostors) / sqrt((variance of genuine + variance of impostors) / 2), the d' of
// signal detection (Green, Swets 1966). Nothing where neither varies.
std::optional<double> d_prime(const Distribution& genuine, const Distribution& impostors);

}  // namespace quantface
