// Thresholds from a gallery itself: how similar the different people in it are to each other.
#pragma once

#include <cstdint>
#include <optional>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "gallery/gallery.h"

namespace quantface {

// So many of a large gallery's faces are paired, evenly spread over it: about a million pairs, or a hundred
// for each that may be accepted, at most 200 million.
int64_t paired_faces(double far);

struct ImpostorThreshold {
    // Accepted: a cosine at or above it. Nothing where there are too few pairs for this FAR.
    std::optional<double> cosine;
    double reached_far = 0;
    int64_t pairs = 0;         // of different people
    int64_t needed_pairs = 0;  // 1 / FAR
};

// The lowest threshold at which at most `far` of the pairs of different people are accepted. far in (0, 1],
// else Error(kUsage). Throws Error(kBadInput) where the gallery is damaged, Error(kFailed) "interrupted".
ImpostorThreshold impostor_threshold(const Gallery& gallery, double far, ThreadPool& pool,
                                     Progress& progress);

// How probable it is that a stranger is taken for one of `comparisons`, each being wrong with probability
// `far` independently of the others: 1 - (1 - far)^comparisons. far in [0, 1].
double false_positive_identification_rate(double far, int64_t comparisons);

// The inverse: the pairwise FAR of such a rate, in (0, 1]; comparisons at least 1.
double far_of_identification_rate(double rate, int64_t comparisons);

}  // namespace quantface
