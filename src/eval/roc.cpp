#include "eval/roc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/error.h"

namespace quantface {

namespace {

// Elements of a sorted list below a value.
size_t count_below(const std::vector<double>& sorted, double value) {
    return static_cast<size_t>(std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin());
}

double share(size_t part, size_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
}

// floor(far * impostors), forgiving the last bits of a decimal like 0.29, whose double times 100 is below 29.
size_t allowed_impostors(double far, size_t impostors) {
    const double exact = far * static_cast<double>(impostors);
    return std::min(impostors, static_cast<size_t>(std::floor(exact * (1 + 1e-12))));
}

}  // namespace

SplitDistances split_distances(std::span<const double> distances, const std::vector<bool>& same) {
    if (distances.size() != same.size()) {
        fail_usage(std::to_string(distances.size()) + " distances for " + std::to_string(same.size()) +
                   " pairs");
    }
    SplitDistances split;
    for (size_t pair = 0; pair < same.size(); ++pair) {
        if (!std::isfinite(distances[pair]))
            fail_usage("the distance of pair " + std::to_string(pair) + " is no number");
        (same[pair] ? split.genuine : split.impostor).push_back(distances[pair]);
    }
    if (split.genuine.empty() || split.impostor.empty()) {
        fail_usage("error rates need pairs of one person and pairs of two people");
    }
    std::sort(split.genuine.begin(), split.genuine.end());
    std::sort(split.impostor.begin(), split.impostor.end());
    return split;
}

TarAtFar tar_at_far(const SplitDistances& distances, double far) {
    if (!(far > 0 && far <= 1))
        fail_usage("a FAR of " + std::to_string(far) + "; it must be above 0, at most 1");
    const size_t impostors = distances.impostor.size();
    TarAtFar result;
    result.far = far;
    const size_t allowed = allowed_impostors(far, impostors);
    if (allowed == 0) return result;
    // The first impostor that must be refused sets the threshold; others at its distance are refused with it.
    result.threshold =
        allowed < impostors ? distances.impostor[allowed] : std::numeric_limits<double>::infinity();
    result.tar = share(count_below(distances.genuine, result.threshold), distances.genuine.size());
    result.reached_far = share(count_below(distances.impostor, result.threshold), impostors);
    return result;
}

double roc_auc(const SplitDistances& distances) {
    double wins = 0;
    for (const double genuine : distances.genuine) {
        const auto [low, high] =
            std::equal_range(distances.impostor.begin(), distances.impostor.end(), genuine);
        wins += static_cast<double>(distances.impostor.end() - high) + static_cast<double>(high - low) / 2;
    }
    return wins / static_cast<double>(distances.genuine.size()) /
           static_cast<double>(distances.impostor.size());
}

double equal_error_rate(const SplitDistances& distances) {
    const auto& genuine = distances.genuine;
    const auto& impostor = distances.impostor;
    size_t genuine_passed = 0, impostor_passed = 0;
    double far = 0, frr = 1;
    // Each step passes all pairs at the next distance: pairs at one distance cannot be told apart.
    while (far < frr) {
        const double next_genuine = genuine_passed < genuine.size() ? genuine[genuine_passed]
                                                                    : std::numeric_limits<double>::infinity();
        const double next_impostor = impostor_passed < impostor.size()
                                         ? impostor[impostor_passed]
                                         : std::numeric_limits<double>::infinity();
        const double distance = std::min(next_genuine, next_impostor);
        while (genuine_passed < genuine.size() && genuine[genuine_passed] == distance) ++genuine_passed;
        while (impostor_passed < impostor.size() && impostor[impostor_passed] == distance) ++impostor_passed;
        const double next_far = share(impostor_passed, impostor.size());
        const double next_frr = 1 - share(genuine_passed, genuine.size());
        if (next_far >= next_frr) {
            // On the line from (far, frr) to the next point, the share of the way at which both are equal.
            const double way = (frr - far) / ((next_far - far) + (frr - next_frr));
            return far + way * (next_far - far);
        }
        far = next_far;
        frr = next_frr;
    }
    return far;
}

}  // namespace quantface
