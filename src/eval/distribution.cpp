#include "eval/distribution.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"

namespace quantface {

namespace {

double quantile_of_sorted(std::span<const double> sorted, double fraction) {
    QF_CHECK(!sorted.empty() && fraction >= 0 && fraction <= 1);
    const double rank = fraction * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<size_t>(rank);
    const size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (rank - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Distribution describe(std::vector<double> numbers) {
    Distribution result;
    if (numbers.empty()) return result;
    std::sort(numbers.begin(), numbers.end());
    const auto count = static_cast<double>(numbers.size());
    for (const double number : numbers) result.mean += number;
    result.mean /= count;
    double squares = 0;
    for (const double number : numbers) squares += (number - result.mean) * (number - result.mean);
    result.count = static_cast<int64_t>(numbers.size());
    result.standard_deviation = std::sqrt(squares / count);
    result.minimum = numbers.front();
    result.maximum = numbers.back();
    for (size_t i = 0; i < kReportedQuantiles.size(); ++i) {
        result.quantiles[i] = quantile_of_sorted(numbers, kReportedQuantiles[i]);
    }
    return result;
}

std::optional<double> d_prime(const Distribution& genuine, const Distribution& impostors) {
    const double variance = (genuine.standard_deviation * genuine.standard_deviation +
                             impostors.standard_deviation * impostors.standard_deviation) /
                            2;
    if (!(variance > 0)) return std::nullopt;
    return (genuine.mean - impostors.mean) / std::sqrt(variance);
}

}  // namespace quantface
