// 1:N identification: who of a gallery is on the probe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.h"

namespace quantface {

struct OpenSetRate {
    double fpir = 0, tpir = 0;
    double threshold = 0;  // a cosine; a mate counts above it
};

struct Identification {
    int64_t probes = 0, gallery = 0;
    double rank_1 = 0, rank_5 = 0, rank_10 = 0;  // shares of probes whose mate is among the first
    std::vector<OpenSetRate> open_set;           // in the order asked for
};

// Rows of length 1. mates[i]: the gallery row that shows probe i's person. As InsightFace's IJB script has
// it: a mate's rank is one more than the number of rows that are more alike (or as alike and before it); the
// threshold at a FPIR is the ceil(FPIR * probes)th largest of all cosines between probes and gallery rows of
// other people, and a mate counts where it is above. Throws Error(kUsage) where sizes disagree or there is
// nobody.
Identification identify(std::span<const float> probes, std::span<const float> gallery, int64_t dimension,
                        std::span<const int64_t> mates, std::span<const double> fpirs, ThreadPool& pool);

}  // namespace quantface
