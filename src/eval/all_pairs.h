// All pairs of a set of embeddings of known people, in bounded memory: a hundred thousand embeddings make
// five thousand million pairs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "eval/cosine_histogram.h"

namespace quantface {

struct ScoredPair {
    int32_t a = 0, b = 0;  // rows, b < a
    float cosine = 0;
};

struct AllPairs {
    CosineHistogram genuine, impostors;
    std::vector<ScoredPair> genuine_pairs;      // by a, then b
    std::vector<ScoredPair> impostor_pairs;     // the same, where asked for
    std::vector<ScoredPair> closest_impostors;  // the kClosestKept most alike, most alike first
    int64_t excluded_rows = 0;                  // rows of zeros, which take no part
};
constexpr size_t kClosestKept = 64;
constexpr int64_t kMostGenuinePairs = 100'000'000;

// rows: of length 1; people[i]: who is on row i. keep_impostors: list impostor pairs, too. The result is the
// same on any number of threads. Throws Error(kUsage) where sizes disagree or there are more than
// kMostGenuinePairs pairs of one person, Error(kFailed) "interrupted".
AllPairs score_all_pairs(std::span<const float> rows, int64_t dimension, std::span<const int32_t> people,
                         bool keep_impostors, ThreadPool& pool, Progress& progress);

}  // namespace quantface
