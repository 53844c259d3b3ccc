// Face verification as the field measures it (LFW's protocol, Huang et al. 2007, in the form of InsightFace):
// ten-fold accuracy, and the error rates of the ROC curve.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quantface {

struct TenFoldResult {
    double accuracy_mean = 0, accuracy_std = 0;  // over the folds, in [0, 1]; population standard deviation
    double threshold_mean = 0;                   // of the thresholds chosen
    std::vector<double> fold_accuracies;         // in the order of the folds
    std::vector<double> fold_thresholds;         // squared distances, the same order
};

// Folds are contiguous blocks of pairs in order; where the pairs do not divide, the first folds have one
// more. Each fold is judged at the threshold, of 0, 0.01, ... 3.99, that is most accurate on all other folds
// (the lowest of equals). A pair counts as same where its distance is below the threshold. distances:
// squared, of normalised embeddings, finite. Throws Error(kUsage) where the sizes differ, folds < 2, there
// are fewer pairs than folds, or a distance is not finite.
TenFoldResult ten_fold_accuracy(std::span<const double> distances, const std::vector<bool>& same,
                                int folds = 10);

// The squared distance, in [0, 4], of two embeddings scaled to length 1. One that has no direction (zero,
// infinite or not a number) comes from a broken network, whose result shall say how badly: the pair counts as
// wrong at every threshold but the extremes, distance 4 where the people are the same, 0 where they are not,
// and the embedding is counted in `invalid`.
double pair_distance(std::span<const float> a, std::span<const float> b, bool same, int64_t& invalid);

}  // namespace quantface
