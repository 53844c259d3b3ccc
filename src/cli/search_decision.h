// Whether the best match of a search is good enough, by a threshold that was measured, and what that
// threshold means where one photo is compared with many people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "cli/json_output.h"
#include "gallery/gallery.h"

namespace quantface {

struct DecisionOptions {
    double far = 1e-3;           // of one comparison
    std::optional<double> fpir;  // in its place: how often a stranger may be taken for somebody
    std::string thresholds;      // an evaluation's file; empty: the gallery's own pairs
};

struct SearchDecision {
    std::optional<double> threshold;  // a match: a cosine at or above it; nothing: no decision is possible
    double far = 0;                   // of one comparison, as asked for
    std::optional<double> reached_far;
    std::string source;  // what it was measured on
    int64_t pairs = 0, lacking_pairs = 0;
    int64_t people = 0, faces = 0;  // in the gallery
    // That a stranger is taken for somebody: were each person one comparison, and were each face one.
    double fpir_by_people = 0, fpir_by_faces = 0;
};

// Throws what reading the evaluation throws, and Error(kUsage) where a rate makes no sense.
SearchDecision decide_threshold(const Gallery& gallery, const DecisionOptions& options, ThreadPool& pool,
                                Progress& progress);

Json to_json(const SearchDecision& decision);
// Lines, each ended by a line feed.
std::string describe(const SearchDecision& decision);

}  // namespace quantface
