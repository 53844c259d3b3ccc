// Error rates of a verifier that accepts a pair where its distance is below a threshold.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace quantface {

// Distances of pairs, sorted ascending, split by the truth. Any finite numbers in which less means more
// alike.
struct SplitDistances {
    std::vector<double> genuine;   // pairs of one person
    std::vector<double> impostor;  // pairs of two people
};

// distances[i] and same[i] belong to pair i. Throws Error(kUsage) where the sizes differ, a distance is not
// finite, or there is no pair of one of the two kinds.
SplitDistances split_distances(std::span<const double> distances, const std::vector<bool>& same);

struct TarAtFar {
    double far = 0;  // asked for
    std::optional<double>
        tar;  // nothing where fewer than 1 / far impostor pairs exist: they cannot support this FAR
    double threshold = 0;    // accepted: distance < threshold
    double reached_far = 0;  // of the impostors at hand, never above `far`
};

// At most floor(far * impostors) impostors pass, at the largest threshold that is still so. A genuine pair at
// exactly the distance of the first impostor to be refused is refused too. far in (0, 1], else Error(kUsage).
TarAtFar tar_at_far(const SplitDistances& distances, double far);

// Area under the ROC curve: how probable it is that a genuine pair is closer than an impostor pair, ties
// counted half.
double roc_auc(const SplitDistances& distances);

// Equal error rate: where the ROC curve, straight between the thresholds that the data can tell apart, has
// FAR = FRR.
double equal_error_rate(const SplitDistances& distances);

}  // namespace quantface
