#include "eval/roc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/error.h"

namespace quantface {

namespace {

double share(int64_t part, int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
}

void check_far(double far) {
    if (!(far > 0 && far <= 1))
        fail_usage("a FAR of " + std::to_string(far) + "; it must be above 0, at most 1");
}

// Genuine and impostor distances, each ascending.
struct SplitDistances {
    std::vector<double> genuine, impostors;
};

SplitDistances split_distances(std::span<const double> distances, const std::vector<bool>& same) {
    if (distances.size() != same.size()) {
        fail_usage(std::to_string(distances.size()) + " distances for " + std::to_string(same.size()) +
                   " pairs");
    }
    SplitDistances split;
    for (size_t pair = 0; pair < same.size(); ++pair) {
        if (!std::isfinite(distances[pair]))
            fail_usage("the distance of pair " + std::to_string(pair) + " is no number");
        (same[pair] ? split.genuine : split.impostors).push_back(distances[pair]);
    }
    std::sort(split.genuine.begin(), split.genuine.end());
    std::sort(split.impostors.begin(), split.impostors.end());
    return split;
}

void check_both_kinds(bool both) {
    if (!both) fail_usage("error rates need pairs of one person and pairs of two people");
}

// The first step with more impostors than that; steps().size() where there is none.
size_t first_beyond(const RocCurve& curve, int64_t impostors) {
    const auto steps = curve.steps();
    return static_cast<size_t>(
        std::partition_point(steps.begin(), steps.end(),
                             [&](const RocCurve::Step& step) { return step.impostors <= impostors; }) -
        steps.begin());
}

}  // namespace

void RocCurve::add(double distance, int64_t genuine, int64_t impostors) {
    if (genuine == 0 && impostors == 0) return;
    const Step before = steps_.empty() ? Step{} : steps_.back();
    steps_.push_back({distance, before.genuine + genuine, before.impostors + impostors});
}

RocCurve RocCurve::of_pairs(std::span<const double> distances, const std::vector<bool>& same) {
    const SplitDistances split = split_distances(distances, same);
    const auto& genuine = split.genuine;
    const auto& impostors = split.impostors;
    check_both_kinds(!genuine.empty() && !impostors.empty());
    RocCurve curve;
    size_t g = 0, i = 0;
    while (g < genuine.size() || i < impostors.size()) {
        const double distance = g == genuine.size()     ? impostors[i]
                                : i == impostors.size() ? genuine[g]
                                                        : std::min(genuine[g], impostors[i]);
        int64_t genuine_here = 0, impostors_here = 0;
        for (; g < genuine.size() && genuine[g] == distance; ++g) ++genuine_here;
        for (; i < impostors.size() && impostors[i] == distance; ++i) ++impostors_here;
        curve.add(distance, genuine_here, impostors_here);
    }
    // Less distance is more alike.
    curve.d_prime_ = quantface::d_prime(describe(impostors), describe(genuine));
    return curve;
}

RocCurve RocCurve::of_histograms(const CosineHistogram& genuine, const CosineHistogram& impostors) {
    check_both_kinds(genuine.count() > 0 && impostors.count() > 0);
    const std::vector<int64_t> g = genuine.counts_from(), i = impostors.counts_from();
    RocCurve curve;
    for (size_t bin = CosineHistogram::kBins; bin-- > 0;) {
        const double edge = static_cast<double>(bin) * CosineHistogram::kBinWidth - 1;
        curve.add(2 - 2 * edge, g[bin] - g[bin + 1], i[bin] - i[bin + 1]);
    }
    curve.d_prime_ = quantface::d_prime(genuine.describe(), impostors.describe());
    return curve;
}

int64_t allowed_impostors(double far, int64_t impostors) {
    const double exact = far * static_cast<double>(impostors);
    return std::min(impostors, static_cast<int64_t>(std::floor(exact * (1 + 1e-12))));
}

TarAtFar tar_at_far(const RocCurve& curve, double far) {
    check_far(far);
    TarAtFar result;
    result.far = far;
    const int64_t allowed = allowed_impostors(far, curve.impostors());
    if (allowed == 0) return result;
    const auto steps = curve.steps();
    const size_t refused = first_beyond(curve, allowed);
    const RocCurve::Step last = refused > 0 ? steps[refused - 1] : RocCurve::Step{};
    result.threshold =
        refused < steps.size() ? steps[refused].distance : std::numeric_limits<double>::infinity();
    result.margin =
        refused == 0 || refused == steps.size() ? result.threshold : (last.distance + result.threshold) / 2;
    result.tar = share(last.genuine, curve.genuine());
    result.reached_far = share(last.impostors, curve.impostors());
    return result;
}

double tar_at_far_linear(const RocCurve& curve, double far) {
    check_far(far);
    const auto steps = curve.steps();
    const double wanted = far * static_cast<double>(curve.impostors());
    const auto beyond = std::partition_point(steps.begin(), steps.end(), [&](const RocCurve::Step& step) {
        return static_cast<double>(step.impostors) <= wanted;
    });
    if (beyond == steps.end()) return 1;
    const RocCurve::Step before = beyond == steps.begin() ? RocCurve::Step{} : *(beyond - 1);
    const double way = (wanted - static_cast<double>(before.impostors)) /
                       static_cast<double>(beyond->impostors - before.impostors);
    const double genuine =
        static_cast<double>(before.genuine) + way * static_cast<double>(beyond->genuine - before.genuine);
    return genuine / static_cast<double>(curve.genuine());
}

double tar_at_far_nearest(const RocCurve& curve, double far) {
    check_far(far);
    const auto steps = curve.steps();
    double least = far;  // of the point (0, 0), which always stands first
    double tar = 0;
    for (size_t i = 0; i < steps.size(); ++i) {
        const bool inner = i > 0 && i + 1 < steps.size();
        const bool straight =
            inner && steps[i + 1].genuine - steps[i].genuine == steps[i].genuine - steps[i - 1].genuine &&
            steps[i + 1].impostors - steps[i].impostors == steps[i].impostors - steps[i - 1].impostors;
        if (straight) continue;
        const double away = std::abs(share(steps[i].impostors, curve.impostors()) - far);
        if (away > least) continue;
        least = away;
        tar = share(steps[i].genuine, curve.genuine());
    }
    return tar;
}

double roc_auc(const RocCurve& curve) {
    double wins = 0;
    RocCurve::Step before;
    for (const RocCurve::Step& step : curve.steps()) {
        const auto genuine = static_cast<double>(step.genuine - before.genuine);
        const auto beyond = static_cast<double>(curve.impostors() - step.impostors);
        const auto tied = static_cast<double>(step.impostors - before.impostors);
        wins += genuine * (beyond + tied / 2);
        before = step;
    }
    return wins / static_cast<double>(curve.genuine()) / static_cast<double>(curve.impostors());
}

double equal_error_rate(const RocCurve& curve) {
    double far = 0, frr = 1;
    for (const RocCurve::Step& step : curve.steps()) {
        const double next_far = share(step.impostors, curve.impostors());
        const double next_frr = 1 - share(step.genuine, curve.genuine());
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
