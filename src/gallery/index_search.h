// Building a gallery's index and searching with it: the index proposes, exact comparison decides.
#pragma once

#include <filesystem>

#include "base/thread_pool.h"
#include "gallery/exact_search.h"
#include "gallery/index_file.h"

namespace quantface {

// Of all faces of the gallery; the file is written and the gallery told. Returns the faces. Throws
// Error(kUsage) where there are none or too few for the kind, Error(kFailed) where the gallery changes
// meanwhile, "interrupted", or the disk refuses.
int64_t build_index(Gallery& gallery, const std::filesystem::path& path, IndexKind kind,
                    const IndexModule& module, int threads, Progress& progress);

// Candidates that are compared exactly: no fewer than kMinCandidates, and so many for each hit that is asked
// for, as the best faces may all be one person's.
constexpr int64_t kMinCandidates = 128, kCandidatesAHit = 16;

// As search_exactly(), but for what the index does not propose. Scores are the exact search's.
SearchHits search_with_index(const Gallery& gallery, const IndexFile& index, std::span<const float> queries,
                             const SearchOptions& options);

// The rows proposed for the queries, (queries, candidates) numbers, -1 where there are no more.
std::vector<int64_t> index_candidates(const IndexFile& index, std::span<const float> queries, int dimension,
                                      const SearchOptions& options);

}  // namespace quantface
