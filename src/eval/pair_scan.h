// Every pair of a set of embeddings: cosines by whether the people are the same, nearest neighbours, pairs
// that are close enough to be the same image. Products of blocks of rows: memory grows with the number of
// embeddings, not with that of pairs.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "eval/cosine_histogram.h"

namespace quantface {

constexpr int64_t kUnknownIdentity = -1;

// The row of another with the largest cosine (the first of equals); index -1 where there is none.
struct Neighbour {
    int64_t index = -1;
    double cosine = -1;
};

struct ClosePair {
    int64_t image = 0, earlier = 0;  // earlier < image
    double cosine = 0;
};

struct PairScanOptions {
    // Who is on each image; empty: not known of any.
    std::span<const int64_t> identities;
    // Pairs at or above this cosine for which is_candidate says yes are listed: of each image at most
    // kCloseKept, with the first of the images before it, as a set of one image ten thousand times over would
    // have fifty million. is_candidate is called from the pool's threads.
    double close_cosine = 2;
    std::function<bool(int64_t image, int64_t earlier)> is_candidate;
};
constexpr size_t kCloseKept = 4;

struct PairScan {
    CosineHistogram same, other;  // pairs of one person, of two people
    CosineHistogram unlabelled;   // pairs of which one person at least is not known
    std::vector<Neighbour> nearest;
    std::vector<Neighbour> nearest_stranger;  // among the rows of another known person
    std::vector<ClosePair> close;             // by image, then by the earlier one
};

// rows: matrix of embeddings of length 1; rows of zeros take no part and have no neighbour. The result is the
// same on any number of threads. Throws Error(kUsage) where sizes disagree, Error(kFailed) "interrupted".
PairScan scan_pairs(std::span<const float> rows, int64_t dimension, const PairScanOptions& options,
                    ThreadPool& pool, Progress& progress);

// The nearest row of `gallery` to each of `queries`, both as above.
std::vector<Neighbour> nearest_in_gallery(std::span<const float> queries, std::span<const float> gallery,
                                          int64_t dimension, ThreadPool& pool, Progress& progress);

}  // namespace quantface
