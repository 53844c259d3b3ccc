// The most similar faces or people of a gallery, by comparing a query with all of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "gallery/face_block.h"
#include "gallery/gallery.h"
#include "gallery/top_list.h"

namespace quantface {

struct SearchOptions {
    HitKind kind = HitKind::kPeople;
    int limit = 5;  // hits a query, at least 1
};

// [query]: its hits, the best first (top_list.h); fewer than the limit where the gallery has no more.
using SearchHits = std::vector<std::vector<GalleryHit>>;

// queries: rows of gallery.dimension() numbers, each with a direction. Faces are read block by block from the
// file, so memory does not grow with the gallery. The result is the same on any number of threads and of
// queries at once. Throws Error(kBadInput) where the file is damaged, Error(kFailed) "interrupted".
SearchHits search_exactly(const Gallery& gallery, std::span<const float> queries,
                          const SearchOptions& options, ThreadPool& pool, Progress& progress);

// The same among these faces alone, in any order.
SearchHits search_among(const Gallery& gallery, std::span<const float> query, std::span<const int64_t> faces,
                        const SearchOptions& options);

// A gallery that is kept in memory for many searches: its embeddings as they are stored, and 16 bytes a face.
class ResidentGallery {
  public:
    ResidentGallery(const Gallery& gallery, ThreadPool& pool, Progress& progress);
    // Of rows that lie in no file, added one batch after the other.
    ResidentGallery(FaceStore store, int dimension) : store_(store), dimension_(dimension) {}
    void add(const FaceRows& rows, const std::string& where, ThreadPool& pool);

    int64_t face_count() const { return static_cast<int64_t>(faces_.size()); }
    size_t memory_bytes() const;
    // As search_exactly().
    SearchHits search(std::span<const float> queries, const SearchOptions& options, ThreadPool& pool) const;

  private:
    FaceStore store_;
    int dimension_;
    std::vector<FaceBlock> blocks_;
    std::vector<size_t> first_;  // of each block: its first row in what follows
    std::vector<int64_t> faces_, people_;
};

}  // namespace quantface
