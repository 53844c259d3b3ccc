// Face verification as the field measures it (LFW's protocol, Huang et al. 2007, in the form of InsightFace):
// ten-fold accuracy, and the error rates of the ROC curve.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/roc.h"

namespace quantface {

struct TenFoldResult {
    double accuracy_mean = 0, accuracy_std = 0;  // over the folds, in [0, 1]; population standard deviation
    double threshold_mean = 0;                   // of the thresholds chosen
    std::vector<double> fold_accuracies;         // in the order of the folds
};

// Folds are contiguous blocks of pairs in order; where the pairs do not divide, the first folds have one
// more. Each fold is judged at the threshold, of 0, 0.01, ... 3.99, that is most accurate on all other folds
// (the lowest of equals). A pair counts as same where its distance is below the threshold. distances:
// squared, of normalised embeddings, finite. Throws Error(kUsage) where the sizes differ, folds < 2, there
// are fewer pairs than folds, or a distance is not finite.
TenFoldResult ten_fold_accuracy(std::span<const double> distances, const std::vector<bool>& same,
                                int folds = 10);

struct VerificationResult {
    int64_t pairs = 0, genuine_pairs = 0, impostor_pairs = 0;
    // Embeddings without a direction (zero, infinite or not a number): a network that gives them is broken,
    // but its result shall say how badly. A pair with one counts as wrong at every threshold but the
    // extremes: distance 4 where the people are the same, 0 where they are not.
    int64_t invalid_embeddings = 0;
    TenFoldResult ten_fold;
    std::vector<TarAtFar> tar_at_far;  // in the order asked for
    double auc = 0;                    // in [0, 1]
    double equal_error_rate = 0;       // in [0, 1]
};

// Squared distances, in [0, 4], of the pairs of a matrix of 2N embeddings, pair i being rows 2i and 2i+1; raw
// or normalised, the rows are normalised here. Invalid embeddings as in VerificationResult, their number
// added to `invalid`.
std::vector<double> pair_distances(std::span<const float> embeddings, int64_t dimension,
                                   const std::vector<bool>& same, int64_t& invalid);

// embeddings: 2N x dimension, as in pair_distances; same: N flags. Throws Error(kUsage) where the sizes
// disagree, there are fewer than ten pairs, or all pairs are of one kind.
VerificationResult evaluate_verification(std::span<const float> embeddings, int64_t dimension,
                                         const std::vector<bool>& same, std::span<const double> fars);

}  // namespace quantface
