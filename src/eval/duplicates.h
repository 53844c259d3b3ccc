// Images of a set that are there twice: to the byte, or nearly (stored anew, scaled, shifted by little).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "eval/pair_scan.h"
#include "faces/fingerprint.h"
#include "faces/image_source.h"

namespace quantface {

// Both must hold: a network that takes two images for one is no proof, and dark images differ by few levels.
struct DuplicateLimits {
    double cosine = 0.95;         // of the embeddings, at least
    double pixel_difference = 8;  // mean absolute difference of the bytes, levels of 255, at most
};

struct Duplicate {
    int64_t image = 0, earlier = 0;  // earlier < image
    bool identical = false;          // pixel by pixel
    double cosine = 0;               // 1 where identical
    double pixel_difference = 0;
};

// True where the pair may be a duplicate by its fingerprints; for PairScanOptions::is_candidate.
bool may_be_duplicates(const Fingerprint& a, const Fingerprint& b, const DuplicateLimits& limits);

// One entry for each image that an earlier one is like, with the first such image, in the order of the
// images. prints: one for each image, in order; close: as scan_pairs lists them at limits.cosine. Images are
// read again where fingerprints do not decide. Throws what the source throws, Error(kFailed) "interrupted".
std::vector<Duplicate> find_duplicates(const ImageSource& source, std::span<const Fingerprint> prints,
                                       std::span<const ClosePair> close, const DuplicateLimits& limits,
                                       ThreadPool& pool, Progress& progress);

}  // namespace quantface
