#include "eval/judgement.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace quantface {

namespace {

// Ascending FARs a tenth of a decade apart up to 1, from the lowest that so many impostors support.
std::vector<double> curve_fars(int64_t impostors) {
    std::vector<double> fars;
    for (int tenth = -80; tenth <= 0; ++tenth) {
        const double far = std::pow(10.0, tenth / 10.0);
        if (allowed_impostors(far, impostors) >= 1) fars.push_back(far);
    }
    return fars;
}

void add_rates(const RocCurve& curve, const JudgeOptions& options, Judgement& judgement) {
    judgement.genuine_pairs = curve.genuine();
    judgement.impostor_pairs = curve.impostors();
    for (const double far : options.fars) {
        judgement.rates.push_back({tar_at_far(curve, far), tar_at_far_linear(curve, far),
                                   tar_at_far_nearest(curve, far), std::nullopt});
    }
    for (const double far : curve_fars(curve.impostors())) {
        judgement.curve.push_back({far, *tar_at_far(curve, far).tar, std::nullopt});
    }
    judgement.auc = roc_auc(curve);
    judgement.equal_error_rate = equal_error_rate(curve);
    judgement.d_prime = curve.d_prime();
}

// Whether each pair is judged right at the threshold that the other folds chose.
std::vector<bool> judged_right(const PairScores& pairs, const TenFoldResult& ten_fold) {
    std::vector<bool> right;
    const size_t count = pairs.same.size(), folds = ten_fold.fold_thresholds.size();
    for (size_t fold = 0; fold < folds; ++fold) {
        const size_t size = count / folds + (fold < count % folds ? 1 : 0);
        for (size_t i = 0; i < size; ++i) {
            const size_t pair = right.size();
            right.push_back((pairs.distances[pair] < ten_fold.fold_thresholds[fold]) == pairs.same[pair]);
        }
    }
    return right;
}

void add_intervals(const PairScores& pairs, const JudgeOptions& options, ThreadPool& pool, Progress& progress,
                   Judgement& judgement) {
    // Rates and curve in one list of ascending FARs.
    std::vector<double> fars = options.fars;
    for (const CurvePoint& point : judgement.curve) fars.push_back(point.far);
    std::vector<size_t> order(fars.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return fars[a] < fars[b]; });
    std::vector<double> ascending;
    for (const size_t i : order) ascending.push_back(fars[i]);

    PairsOfPeople drawn{pairs.distances, pairs.same, pairs.people, pairs.people_count, {}};
    if (judgement.ten_fold) drawn.right = judged_right(pairs, *judgement.ten_fold);
    const BootstrapResult result = bootstrap_over_people(drawn, ascending, options.bootstrap, pool, progress);
    judgement.replicates = result.replicates;
    judgement.accuracy_interval = result.accuracy;
    judgement.auc_interval = result.auc;
    judgement.equal_error_rate_interval = result.equal_error_rate;
    for (size_t i = 0; i < order.size(); ++i) {
        const size_t target = order[i];
        if (target < options.fars.size()) {
            judgement.rates[target].interval = result.tar[i];
        } else {
            judgement.curve[target - options.fars.size()].interval = result.tar[i];
        }
    }
}

double cosine_of(double distance) {
    return 1 - distance / 2;
}

void add_histogram(const PairScores& pairs, Judgement& judgement) {
    ScoreHistogram& histogram = judgement.histogram;
    for (size_t i = 0; i < pairs.distances.size(); ++i) {
        const double bin = std::floor((cosine_of(pairs.distances[i]) - histogram.from) / histogram.width);
        const auto index = static_cast<size_t>(std::clamp(bin, 0.0, ScoreHistogram::kBins - 1.0));
        ++(pairs.same[i] ? histogram.genuine : histogram.impostors)[index];
    }
}

// The pairs of a kind that are judged wrong most surely; each image at most once.
std::vector<WorstPair> worst_pairs(const PairScores& pairs, bool genuine, size_t count) {
    std::vector<size_t> order;
    for (size_t i = 0; i < pairs.same.size(); ++i) {
        if (pairs.same[i] == genuine) order.push_back(i);
    }
    const size_t looked_at = std::min(order.size(), 16 * count);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(looked_at), order.end(),
                      [&](size_t a, size_t b) {
                          if (pairs.distances[a] == pairs.distances[b]) return a < b;
                          return (pairs.distances[a] > pairs.distances[b]) == genuine;
                      });
    std::vector<WorstPair> worst;
    std::vector<int64_t> shown;
    for (size_t i = 0; i < looked_at && worst.size() < count; ++i) {
        const auto [a, b] = pairs.sides[order[i]];
        if (std::find(shown.begin(), shown.end(), a) != shown.end() ||
            std::find(shown.begin(), shown.end(), b) != shown.end()) {
            continue;
        }
        shown.insert(shown.end(), {a, b});
        worst.push_back({a, b, cosine_of(pairs.distances[order[i]])});
    }
    return worst;
}

// Bins of the fine histogram to those of the report.
void add_histogram(const AllPairs& pairs, Judgement& judgement) {
    const auto fill = [&](const CosineHistogram& fine, std::vector<int64_t>& coarse) {
        const std::vector<int64_t> from = fine.counts_from();
        constexpr size_t kStep = CosineHistogram::kBins / ScoreHistogram::kBins;
        for (size_t bin = 0; bin < coarse.size(); ++bin)
            coarse[bin] = from[bin * kStep] - from[(bin + 1) * kStep];
    };
    fill(pairs.genuine, judgement.histogram.genuine);
    fill(pairs.impostors, judgement.histogram.impostors);
}

// The share of genuine pairs accepted at each threshold (cosines), with people drawn again and again.
std::vector<std::optional<Interval>> intervals_at(const AllPairs& pairs, std::span<const int32_t> people,
                                                  int32_t people_count, std::span<const double> thresholds,
                                                  const BootstrapOptions& options) {
    // [person][threshold]: its accepted pairs; the last column: all of them.
    const size_t columns = thresholds.size() + 1;
    std::vector<int64_t> counts(static_cast<size_t>(people_count) * columns, 0);
    for (const ScoredPair& pair : pairs.genuine_pairs) {
        int64_t* row = &counts[static_cast<size_t>(people[static_cast<size_t>(pair.a)]) * columns];
        for (size_t t = 0; t < thresholds.size(); ++t) row[t] += pair.cosine >= thresholds[t] ? 1 : 0;
        ++row[thresholds.size()];
    }
    std::vector<std::vector<double>> replicates(thresholds.size());
    for (int r = 0; r < options.replicates; ++r) {
        const auto drawn = draw_people(people_count, options.seed, static_cast<uint64_t>(r));
        std::vector<int64_t> sums(columns, 0);
        for (size_t person = 0; person < drawn.size(); ++person) {
            if (drawn[person] == 0) continue;
            for (size_t c = 0; c < columns; ++c) sums[c] += counts[person * columns + c] * drawn[person];
        }
        if (sums.back() == 0) continue;
        for (size_t t = 0; t < thresholds.size(); ++t) {
            replicates[t].push_back(static_cast<double>(sums[t]) / static_cast<double>(sums.back()));
        }
    }
    std::vector<std::optional<Interval>> intervals;
    for (auto& values : replicates)
        intervals.push_back(percentile_interval(std::move(values), options.confidence));
    return intervals;
}

}  // namespace

Judgement judge_pairs(const PairScores& pairs, const JudgeOptions& options, ThreadPool& pool,
                      Progress& progress) {
    if (pairs.sides.size() != pairs.same.size() || pairs.people.size() != pairs.same.size())
        fail_usage("pairs, their images and their people disagree in number");
    Judgement judgement;
    judgement.people = pairs.people_count;
    add_rates(RocCurve::of_pairs(pairs.distances, pairs.same), options, judgement);
    if (pairs.ten_fold) judgement.ten_fold = ten_fold_accuracy(pairs.distances, pairs.same);
    add_histogram(pairs, judgement);
    add_intervals(pairs, options, pool, progress, judgement);
    judgement.false_matches = worst_pairs(pairs, false, options.worst_pairs);
    judgement.false_non_matches = worst_pairs(pairs, true, options.worst_pairs);
    return judgement;
}

Judgement judge_all_pairs(const AllPairs& pairs, std::span<const int32_t> people,
                          const JudgeOptions& options) {
    Judgement judgement;
    judgement.people = people.empty() ? 0 : *std::max_element(people.begin(), people.end()) + 1;
    const RocCurve curve = RocCurve::of_histograms(pairs.genuine, pairs.impostors);
    add_rates(curve, options, judgement);
    add_histogram(pairs, judgement);
    std::vector<double> thresholds;
    for (const JudgedRate& rate : judgement.rates) thresholds.push_back(cosine_of(rate.strict.margin));
    for (const CurvePoint& point : judgement.curve)
        thresholds.push_back(cosine_of(tar_at_far(curve, point.far).margin));
    judgement.replicates = options.bootstrap.replicates;
    const auto intervals = intervals_at(pairs, people, judgement.people, thresholds, options.bootstrap);
    for (size_t i = 0; i < judgement.rates.size(); ++i) {
        if (judgement.rates[i].strict.tar) judgement.rates[i].interval = intervals[i];
    }
    for (size_t i = 0; i < judgement.curve.size(); ++i)
        judgement.curve[i].interval = intervals[judgement.rates.size() + i];
    judgement.notes.push_back(
        "impostor pairs are counted in bins of 5e-5; intervals come from the genuine pairs' people");
    for (const ScoredPair& pair : pairs.closest_impostors) {
        if (judgement.false_matches.size() < options.worst_pairs)
            judgement.false_matches.push_back({pair.a, pair.b, pair.cosine});
    }
    std::vector<ScoredPair> genuine = pairs.genuine_pairs;
    const size_t least = std::min(options.worst_pairs, genuine.size());
    std::partial_sort(genuine.begin(), genuine.begin() + static_cast<std::ptrdiff_t>(least), genuine.end(),
                      [](const ScoredPair& x, const ScoredPair& y) { return x.cosine < y.cosine; });
    for (size_t i = 0; i < least; ++i)
        judgement.false_non_matches.push_back({genuine[i].a, genuine[i].b, genuine[i].cosine});
    return judgement;
}

}  // namespace quantface
