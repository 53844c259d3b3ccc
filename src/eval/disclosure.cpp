#include "eval/disclosure.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"

namespace quantface {

namespace {

NearestCosines summarize(std::span<const Neighbour> neighbours, double threshold) {
    std::vector<double> cosines;
    for (const Neighbour& neighbour : neighbours) {
        if (neighbour.index >= 0) cosines.push_back(std::clamp(neighbour.cosine, -1.0, 1.0));
    }
    NearestCosines result;
    const auto above =
        std::count_if(cosines.begin(), cosines.end(), [&](double cosine) { return cosine >= threshold; });
    if (!cosines.empty())
        result.share_above_threshold = static_cast<double>(above) / static_cast<double>(cosines.size());
    result.cosines = describe(std::move(cosines));
    return result;
}

void find_threshold(const PairScan& training, double far, Disclosure& disclosure) {
    disclosure.threshold_unlabelled = training.other.count() == 0;
    const CosineHistogram& pairs = disclosure.threshold_unlabelled ? training.unlabelled : training.other;
    const std::optional<double> threshold = threshold_at_far(pairs, far);
    if (!threshold) {
        fail_usage("the training set's " + std::to_string(pairs.count()) +
                   " pairs of other people cannot support a FAR of " + std::to_string(far) +
                   "; give a larger --far, or a --threshold");
    }
    disclosure.threshold = *threshold;
    disclosure.threshold_pairs = pairs.count();
    disclosure.far = far;
    const auto images = static_cast<double>(training.nearest.size());
    disclosure.share_by_chance = -std::expm1(images * std::log1p(-std::min(far, 1 - 1e-12)));
}

}  // namespace

Disclosure measure_disclosure(std::span<const Neighbour> nearest, const PairScan& training,
                              const DisclosureOptions& options) {
    Disclosure disclosure;
    if (options.threshold) {
        disclosure.threshold = *options.threshold;
    } else {
        find_threshold(training, options.far, disclosure);
    }
    disclosure.set = summarize(nearest, disclosure.threshold);
    if (disclosure.set.cosines.count == 0)
        fail_work("no embedding has a direction: there are no nearest training images");
    disclosure.leave_one_out = summarize(training.nearest, disclosure.threshold);
    const NearestCosines strangers = summarize(training.nearest_stranger, disclosure.threshold);
    if (strangers.cosines.count > 0) disclosure.leave_identity_out = strangers;

    for (size_t image = 0; image < nearest.size(); ++image) {
        if (nearest[image].index < 0) continue;
        disclosure.closest.push_back(
            {static_cast<int64_t>(image), nearest[image].index, std::min(nearest[image].cosine, 1.0)});
    }
    std::stable_sort(disclosure.closest.begin(), disclosure.closest.end(),
                     [](const MatchedImage& a, const MatchedImage& b) { return a.cosine > b.cosine; });
    const auto wanted = static_cast<size_t>(std::max<int64_t>(0, options.closest));
    if (disclosure.closest.size() > wanted) disclosure.closest.resize(wanted);
    return disclosure;
}

}  // namespace quantface
