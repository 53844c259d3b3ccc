// How far the figures would move with other people: the bootstrap over identities. People are drawn with
// replacement, and with them all their pairs: images of one person are not independent, so drawing pairs
// would make intervals too narrow (Bolle, Ratha, Pankanti: Error analysis of pattern recognition systems -
// the subsets bootstrap, CVIU 2004; Poh, Martin, Bengio 2007).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"

namespace quantface {

struct Interval {
    double low = 0, high = 0;
};

struct BootstrapOptions {
    int replicates = 1000;  // 0: no intervals
    double confidence = 0.95;
    uint64_t seed = 1;
};

// Pairs to draw from.
struct PairsOfPeople {
    std::span<const double> distances;
    const std::vector<bool>& same;
    std::span<const std::array<int32_t, 2>> people;  // of the two sides, in [0, people_count)
    int32_t people_count = 0;
    // Whether each pair was judged right (ten-fold accuracy, at its fold's threshold); empty: not asked for.
    std::vector<bool> right;
};

struct BootstrapResult {
    int replicates = 0;
    std::optional<Interval> accuracy, auc, equal_error_rate;
    std::vector<std::optional<Interval>>
        tar;  // at each FAR asked for; nothing where the pairs do not support it
};

// A person drawn n times counts n times; a pair of two people the product of both. Intervals lie between the
// percentiles (1 - confidence) / 2 and (1 + confidence) / 2 of the replicates, linear between ranks; a
// replicate without pairs of one of the two kinds is left out. TARs are read as tar_at_far reads them. The
// result depends on the seed alone, not on the threads. Many pairs get fewer replicates: as many as make 4 *
// 10^9 pairs in all, at least 100. fars: ascending. Throws Error(kUsage) where sizes disagree, Error(kFailed)
// "interrupted".
BootstrapResult bootstrap_over_people(const PairsOfPeople& pairs, std::span<const double> fars,
                                      const BootstrapOptions& options, ThreadPool& pool, Progress& progress);

// The interval of a list of replicates; nothing where it is empty.
std::optional<Interval> percentile_interval(std::vector<double> replicates, double confidence);

// How often each of `people` people is drawn in replicate `replicate`.
std::vector<uint32_t> draw_people(int32_t people, uint64_t seed, uint64_t replicate);

}  // namespace quantface
