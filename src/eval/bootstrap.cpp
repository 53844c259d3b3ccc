#include "eval/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/error.h"
#include "base/rng.h"
#include "eval/roc.h"

namespace quantface {

namespace {

constexpr int64_t kMostPairs = 4'000'000'000;
constexpr int kLeastReplicates = 100;

// A pair in the order of the distances.
struct SortedPair {
    int32_t a = 0, b = 0;  // people
    bool genuine = false;
    bool right = false;
    bool first = false;  // of the pairs at its distance
};

std::vector<SortedPair> sorted_pairs(const PairsOfPeople& pairs) {
    std::vector<uint32_t> order(pairs.distances.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](uint32_t x, uint32_t y) {
        return pairs.distances[x] != pairs.distances[y] ? pairs.distances[x] < pairs.distances[y] : x < y;
    });
    std::vector<SortedPair> sorted;
    sorted.reserve(order.size());
    for (size_t i = 0; i < order.size(); ++i) {
        const uint32_t pair = order[i];
        const bool first = i == 0 || pairs.distances[order[i - 1]] < pairs.distances[pair];
        const bool right = !pairs.right.empty() && pairs.right[pair];
        sorted.push_back({pairs.people[pair][0], pairs.people[pair][1], pairs.same[pair], right, first});
    }
    return sorted;
}

struct Replicate {
    bool usable = false;
    double accuracy = 0, auc = 0, equal_error_rate = 0;
    std::vector<double> tar;  // NaN: not supported
};

// One pass along the curve of a replicate, as roc.cpp goes along that of the pairs themselves, with weights.
class WeightedCurve {
  public:
    WeightedCurve(double genuine, double impostors, std::span<const double> fars, Replicate& result)
        : genuine_(genuine), impostors_(impostors), fars_(fars), result_(result) {
        result_.tar.assign(fars.size(), std::nan(""));
        skip_unsupported();
    }

    // All pairs at one distance.
    void step(double genuine, double impostors) {
        const double next_genuine = passed_genuine_ + genuine, next_impostors = passed_impostors_ + impostors;
        for (; next_far_ < fars_.size() && next_impostors > allowed_; ++next_far_) {
            result_.tar[next_far_] = passed_genuine_ / genuine_;
            allow();
        }
        result_.auc += genuine * (impostors_ - next_impostors + impostors / 2);
        if (!crossed_) {
            const double far = passed_impostors_ / impostors_, frr = 1 - passed_genuine_ / genuine_;
            const double next_far = next_impostors / impostors_, next_frr = 1 - next_genuine / genuine_;
            if (next_far >= next_frr) {
                const double way = (frr - far) / ((next_far - far) + (frr - next_frr));
                result_.equal_error_rate = far + way * (next_far - far);
                crossed_ = true;
            }
        }
        passed_genuine_ = next_genuine;
        passed_impostors_ = next_impostors;
    }

    void finish() {
        for (; next_far_ < fars_.size(); ++next_far_) result_.tar[next_far_] = 1;
        result_.auc /= genuine_ * impostors_;
    }

  private:
    void allow() {
        if (next_far_ + 1 < fars_.size()) {
            allowed_ = std::floor(fars_[next_far_ + 1] * impostors_ * (1 + 1e-12));
        }
    }
    void skip_unsupported() {
        while (next_far_ < fars_.size()) {
            allowed_ = std::floor(fars_[next_far_] * impostors_ * (1 + 1e-12));
            if (allowed_ >= 1) return;
            ++next_far_;
        }
    }

    double genuine_, impostors_;
    std::span<const double> fars_;
    Replicate& result_;
    size_t next_far_ = 0;
    double allowed_ = 0;
    double passed_genuine_ = 0, passed_impostors_ = 0;
    bool crossed_ = false;
};

Replicate replicate(const std::vector<SortedPair>& pairs, const std::vector<uint32_t>& drawn,
                    std::span<const double> fars) {
    const auto weight = [&](const SortedPair& pair) {
        const auto a = static_cast<double>(drawn[static_cast<size_t>(pair.a)]);
        return pair.a == pair.b ? a : a * static_cast<double>(drawn[static_cast<size_t>(pair.b)]);
    };
    double genuine = 0, impostors = 0, right = 0;
    for (const SortedPair& pair : pairs) {
        const double w = weight(pair);
        (pair.genuine ? genuine : impostors) += w;
        if (pair.right) right += w;
    }
    Replicate result;
    if (!(genuine > 0 && impostors > 0)) return result;
    result.usable = true;
    result.accuracy = right / (genuine + impostors);
    WeightedCurve curve(genuine, impostors, fars, result);
    double genuine_here = 0, impostors_here = 0;
    for (const SortedPair& pair : pairs) {
        if (pair.first && genuine_here + impostors_here > 0) {
            curve.step(genuine_here, impostors_here);
            genuine_here = impostors_here = 0;
        }
        (pair.genuine ? genuine_here : impostors_here) += weight(pair);
    }
    if (genuine_here + impostors_here > 0) curve.step(genuine_here, impostors_here);
    curve.finish();
    return result;
}

void check_sizes(const PairsOfPeople& pairs, const BootstrapOptions& options) {
    const size_t count = pairs.distances.size();
    if (pairs.same.size() != count || pairs.people.size() != count ||
        (!pairs.right.empty() && pairs.right.size() != count)) {
        fail_usage("distances, truth and people of " + std::to_string(count) + " pairs disagree in number");
    }
    for (const auto& [a, b] : pairs.people) {
        if (std::min(a, b) < 0 || std::max(a, b) >= pairs.people_count)
            fail_usage("a pair of a person who is not counted");
    }
    if (options.replicates < 0 || !(options.confidence > 0 && options.confidence < 1))
        fail_usage("intervals need a confidence between 0 and 1");
}

}  // namespace

std::vector<uint32_t> draw_people(int32_t people, uint64_t seed, uint64_t replicate) {
    Rng rng(seed, replicate);
    std::vector<uint32_t> drawn(static_cast<size_t>(people), 0);
    for (int32_t i = 0; i < people; ++i) ++drawn[rng.below(static_cast<uint64_t>(people))];
    return drawn;
}

std::optional<Interval> percentile_interval(std::vector<double> values, double confidence) {
    if (values.empty()) return std::nullopt;
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
        const double rank = share * static_cast<double>(values.size() - 1);
        const auto below = static_cast<size_t>(rank);
        const size_t above = std::min(below + 1, values.size() - 1);
        return values[below] + (rank - static_cast<double>(below)) * (values[above] - values[below]);
    };
    return Interval{at((1 - confidence) / 2), at((1 + confidence) / 2)};
}

BootstrapResult bootstrap_over_people(const PairsOfPeople& pairs, std::span<const double> fars,
                                      const BootstrapOptions& options, ThreadPool& pool, Progress& progress) {
    check_sizes(pairs, options);
    BootstrapResult result;
    result.tar.resize(fars.size());
    if (options.replicates == 0 || pairs.distances.empty()) return result;
    const auto affordable = static_cast<int64_t>(kMostPairs / static_cast<int64_t>(pairs.distances.size()));
    result.replicates = static_cast<int>(
        std::min<int64_t>(options.replicates, std::max<int64_t>(affordable, kLeastReplicates)));
    const std::vector<SortedPair> sorted = sorted_pairs(pairs);
    std::vector<Replicate> replicates(static_cast<size_t>(result.replicates));
    progress.start("confidence intervals, replicates", result.replicates);
    pool.parallel_for(result.replicates, [&](int64_t index, int) {
        if (progress.stop_requested()) fail_work("interrupted");
        const auto drawn = draw_people(pairs.people_count, options.seed, static_cast<uint64_t>(index));
        replicates[static_cast<size_t>(index)] = replicate(sorted, drawn, fars);
        progress.advance(1);
    });
    progress.finish();
    const auto interval = [&](auto value) {
        std::vector<double> values;
        for (const Replicate& r : replicates) {
            if (r.usable && !std::isnan(value(r))) values.push_back(value(r));
        }
        return percentile_interval(std::move(values), options.confidence);
    };
    if (!pairs.right.empty()) result.accuracy = interval([](const Replicate& r) { return r.accuracy; });
    result.auc = interval([](const Replicate& r) { return r.auc; });
    result.equal_error_rate = interval([](const Replicate& r) { return r.equal_error_rate; });
    const auto impostors = std::count(pairs.same.begin(), pairs.same.end(), false);
    for (size_t i = 0; i < fars.size(); ++i) {
        if (allowed_impostors(fars[i], impostors) < 1) continue;
        result.tar[i] = interval([i](const Replicate& r) { return r.tar[i]; });
    }
    return result;
}

}  // namespace quantface
