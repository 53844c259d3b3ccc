// Error rates of a verifier that accepts a pair where its distance is below a threshold, over all thresholds.
// FAR is what ISO/IEC 19795-1 calls the false match rate (FMR) of comparisons, 1 - TAR its false non-match
// rate (FNMR).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/cosine_histogram.h"

namespace quantface {

class RocCurve {
  public:
    // Pairs at one distance cannot be told apart: they are one step.
    struct Step {
        double distance = 0;
        int64_t genuine = 0, impostors = 0;  // pairs at this distance or nearer
    };

    // Distances are any finite numbers in which less means more alike; distances[i] and same[i] belong to
    // pair i. Throws Error(kUsage) where the sizes differ, a distance is not finite, or there is no pair of
    // one of the two kinds.
    static RocCurve of_pairs(std::span<const double> distances, const std::vector<bool>& same);
    // For more pairs than memory holds. Distances are 2 - 2 cos of each bin's lower edge, so that cosines,
    // and with them thresholds, are exact to CosineHistogram::kBinWidth. Throws as above.
    static RocCurve of_histograms(const CosineHistogram& genuine, const CosineHistogram& impostors);

    std::span<const Step> steps() const { return steps_; }  // ascending by distance
    int64_t genuine() const { return steps_.back().genuine; }
    int64_t impostors() const { return steps_.back().impostors; }
    // Of distances (of_histograms: of cosines); see eval/distribution.h.
    std::optional<double> d_prime() const { return d_prime_; }

  private:
    void add(double distance, int64_t genuine, int64_t impostors);

    std::vector<Step> steps_;
    std::optional<double> d_prime_;
};

struct TarAtFar {
    double far = 0;  // asked for
    // Nothing where fewer than 1 / far impostor pairs exist: they cannot support this FAR.
    std::optional<double> tar;
    double threshold = 0;    // accepted: distance < threshold; that of the first step to be refused
    double margin = 0;       // the middle between that step and the last one accepted
    double reached_far = 0;  // of the impostors at hand, never above `far`
};

// At most floor(far * impostors) impostors pass, at the largest threshold that is still so. A genuine pair at
// exactly the distance of the first impostor to be refused is refused too. far in (0, 1], else Error(kUsage).
TarAtFar tar_at_far(const RocCurve& curve, double far);

// The TAR on the straight line between the curve's points (NumPy's interp over scikit-learn's roc_curve),
// beginning at (0, 0); the highest TAR where several points have exactly this FAR.
double tar_at_far_linear(const RocCurve& curve, double far);

// As InsightFace's IJB scripts read it: the TAR of the point whose FAR is nearest, of equally near ones the
// last, among the points that scikit-learn's roc_curve keeps by default (those where the curve bends, counted
// in pairs).
double tar_at_far_nearest(const RocCurve& curve, double far);

// Area under the ROC curve: how probable it is that a genuine pair is closer than an impostor pair, ties
// counted half.
double roc_auc(const RocCurve& curve);

// Equal error rate: where the ROC curve, straight between the thresholds that the data can tell apart, has
// FAR = FRR.
double equal_error_rate(const RocCurve& curve);

// floor(far * impostors), forgiving the last bits of a decimal like 0.29, whose double times 100 is below 29.
int64_t allowed_impostors(double far, int64_t impostors);

}  // namespace quantface
