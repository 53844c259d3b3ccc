// Whether a generator gives back the people it was trained on: the nearest training image of each of its
// images, beside how near the training images are to each other.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "eval/distribution.h"
#include "eval/pair_scan.h"

namespace quantface {

struct MatchedImage {
    int64_t image = 0, training_image = 0;
    double cosine = 0;
};

// Cosines of images with their nearest in the training set.
struct NearestCosines {
    Distribution cosines;
    double share_above_threshold = 0;  // in [0, 1]: at or above it
};

struct Disclosure {
    double threshold = 0;               // of verification, a cosine
    std::optional<double> far;          // at which that threshold was found; nothing where it was given
    int64_t threshold_pairs = 0;        // pairs it was found on; 0 where given
    bool threshold_unlabelled = false;  // found on pairs of which it is not known who they are
    NearestCosines set;                 // of the set's images to the training images
    // The yardstick: of each training image to the others, and to those of other known people.
    NearestCosines leave_one_out;
    std::optional<NearestCosines> leave_identity_out;
    // What share of strangers' images would be above the threshold for one training image at least, were
    // their pairs independent: 1 - (1 - FAR)^(training images).
    std::optional<double> share_by_chance;
    std::vector<MatchedImage> closest;  // the `closest` images of the set nearest to a training image
};

struct DisclosureOptions {
    double far = 1e-3;
    std::optional<double> threshold;  // a cosine, instead of one found at `far`
    int64_t closest = 10;
};

// nearest: of the set's images in the training set (nearest_in_gallery); training: scan_pairs of the training
// set. The threshold at the FAR comes from pairs of other people, or, where no person is known, from all
// pairs, of which few should be of one person. Throws Error(kUsage) where they are fewer than 1 / far,
// Error(kFailed) where no embedding has a direction.
Disclosure measure_disclosure(std::span<const Neighbour> nearest, const PairScan& training,
                              const DisclosureOptions& options);

}  // namespace quantface
