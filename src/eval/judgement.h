// What a benchmark says of a network: accuracy, error rates with confidence intervals, curves, the worst
// pairs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "eval/all_pairs.h"
#include "eval/bootstrap.h"
#include "eval/identification.h"
#include "eval/roc.h"
#include "eval/verification.h"

namespace quantface {

struct JudgeOptions {
    std::vector<double> fars = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1};  // ascending
    BootstrapOptions bootstrap;
    size_t worst_pairs = 8;
};

struct JudgedRate {
    TarAtFar strict;
    double linear = 0, nearest = 0;
    std::optional<Interval> interval;  // of strict.tar
};

struct CurvePoint {
    double far = 0, tar = 0;
    std::optional<Interval> interval;
};

// Of cosines: bins of `width` from `from` on.
struct ScoreHistogram {
    static constexpr int kBins = 200;
    double from = -1, width = 2.0 / kBins;
    std::vector<int64_t> genuine = std::vector<int64_t>(kBins, 0), impostors = std::vector<int64_t>(kBins, 0);
};

// A pair by the benchmark's numbers of its images (IJB: of its templates).
struct WorstPair {
    int64_t a = 0, b = 0;
    double cosine = 0;
};

struct Judgement {
    int64_t genuine_pairs = 0, impostor_pairs = 0;
    int32_t people = 0;
    int64_t invalid_embeddings = 0;
    int replicates = 0;  // of the bootstrap
    std::optional<TenFoldResult> ten_fold;
    std::optional<Interval> accuracy_interval;
    std::vector<JudgedRate> rates;  // at JudgeOptions::fars
    double auc = 0, equal_error_rate = 0;
    std::optional<Interval> auc_interval, equal_error_rate_interval;
    std::optional<double> d_prime;
    std::vector<CurvePoint> curve;  // FARs a tenth of a decade apart, from the lowest that the pairs support
    ScoreHistogram histogram;
    std::vector<WorstPair> false_matches;      // impostors most alike, most alike first
    std::vector<WorstPair> false_non_matches;  // genuine pairs least alike, least alike first
    std::optional<Identification> identification;
    std::vector<std::string> notes;  // what limits these figures
};

// Pairs and how far apart their embeddings are.
struct PairScores {
    std::vector<double> distances;  // squared, of embeddings of length 1: 2 - 2 cos
    std::vector<bool> same;
    std::vector<std::array<int64_t, 2>> sides;   // numbers of the two images (templates)
    std::vector<std::array<int32_t, 2>> people;  // who is on them
    int32_t people_count = 0;
    bool ten_fold = false;  // ten blocks of pairs in order
};

// Throws Error(kUsage) where sizes disagree or pairs of one kind are missing.
Judgement judge_pairs(const PairScores& pairs, const JudgeOptions& options, ThreadPool& pool,
                      Progress& progress);

// The same of all pairs of a set, impostors counted in a histogram: thresholds are exact to its bins.
// Intervals of TARs come from drawing the genuine pairs' people at the thresholds found; impostors are so
// many that the thresholds move little beside that.
Judgement judge_all_pairs(const AllPairs& pairs, std::span<const int32_t> people,
                          const JudgeOptions& options);

}  // namespace quantface
