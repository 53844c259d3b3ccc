#include "gallery/exact_search.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/error.h"

namespace quantface {

namespace {

// The search for some queries, on several threads, block after block.
class Matcher {
  public:
    Matcher(FaceStore store, int dimension, std::span<const float> queries, const SearchOptions& options,
            int threads) {
        const auto width = static_cast<size_t>(dimension);
        if (queries.empty() || queries.size() % width != 0) {
            fail_usage(std::to_string(queries.size()) + " numbers do not make queries of " +
                       std::to_string(dimension));
        }
        if (options.limit < 1) fail_usage("a search for " + std::to_string(options.limit) + " hits");
        query_count_ = queries.size() / width;
        for (size_t first = 0; first < query_count_; first += kMaxQueries) {
            const size_t size = std::min<size_t>(kMaxQueries, query_count_ - first);
            packed_.emplace_back(store, dimension, queries.subspan(first * width, size * width));
        }
        const TopList none(options.kind, static_cast<size_t>(options.limit));
        threads_.resize(static_cast<size_t>(threads), {std::vector<TopList>(query_count_, none), {}, {}});
    }

    // faces, people: of the block, in its order.
    void compare(const FaceBlock& block, const int64_t* faces, const int64_t* people, int thread) {
        Thread& own = threads_[static_cast<size_t>(thread)];
        const auto count = static_cast<size_t>(block.count());
        size_t query = 0;
        for (const PackedQueries& queries : packed_) {
            own.scores.resize(static_cast<size_t>(queries.count()) * count);
            block.score(queries, own.scratch, own.scores);
            for (size_t row = 0; row < static_cast<size_t>(queries.count()); ++row, ++query) {
                keep_best(own.scores.data() + row * count, count, faces, people, own.best[query]);
            }
        }
    }

    SearchHits hits() const {
        SearchHits result;
        for (size_t query = 0; query < query_count_; ++query) {
            TopList all = threads_[0].best[query];
            for (size_t thread = 1; thread < threads_.size(); ++thread) {
                all.merge(threads_[thread].best[query]);
            }
            result.push_back(all.hits());
        }
        return result;
    }

  private:
    struct Thread {
        std::vector<TopList> best;  // by query
        ScoreScratch scratch;
        std::vector<float> scores;
    };

    static void keep_best(const float* scores, size_t count, const int64_t* faces, const int64_t* people,
                          TopList& best) {
        float least = best.least_score();
        for (size_t i = 0; i < count; ++i) {
            if (scores[i] < least) continue;
            best.offer({faces[i], people[i], scores[i]});
            least = best.least_score();
        }
    }

    size_t query_count_ = 0;
    std::vector<PackedQueries> packed_;
    std::vector<Thread> threads_;
};

// Calls use(first row, rows, thread) for parts of up to kMaxBlockFaces rows.
template <typename Use>
void for_each_part(size_t rows, ThreadPool& pool, const Use& use) {
    const size_t parts = (rows + kMaxBlockFaces - 1) / kMaxBlockFaces;
    pool.parallel_for(static_cast<int64_t>(parts), [&](int64_t part, int thread) {
        const size_t first = static_cast<size_t>(part) * kMaxBlockFaces;
        use(first, std::min<size_t>(kMaxBlockFaces, rows - first), thread);
    });
}

FaceBlock block_of(FaceStore store, int dimension, const FaceRows& rows, size_t first, size_t count,
                   const std::string& where) {
    const size_t bytes = stored_embedding_bytes(store, dimension);
    const std::span<const uint8_t> stored(rows.embeddings);
    return {store, dimension, stored.subspan(first * bytes, count * bytes), where};
}

// Calls use(rows) for batches of all faces, a few blocks for each thread together.
template <typename Use>
void for_each_batch(const Gallery& gallery, ThreadPool& pool, Progress& progress, const Use& use) {
    const SqliteTransaction reading = gallery.begin_reading();
    const int64_t batch = 4 * int64_t{kMaxBlockFaces} * pool.size();
    progress.start("reading the gallery, faces", gallery.face_count());
    FaceRows rows;
    for (int64_t last = INT64_MIN;; last = rows.faces.back()) {
        if (progress.stop_requested()) fail_work("interrupted");
        rows.clear();
        gallery.read_faces(last, batch, rows);
        if (rows.size() == 0) break;
        if (rows.faces.front() <= last) fail_bad_input(gallery.name() + ": damaged: the order of its faces");
        use(rows);
        progress.advance(static_cast<int64_t>(rows.size()));
    }
    progress.finish();
}

}  // namespace

SearchHits search_exactly(const Gallery& gallery, std::span<const float> queries,
                          const SearchOptions& options, ThreadPool& pool, Progress& progress) {
    const FaceStore store = gallery.store();
    const int dimension = gallery.dimension();
    Matcher matcher(store, dimension, queries, options, pool.size());
    for_each_batch(gallery, pool, progress, [&](const FaceRows& rows) {
        for_each_part(rows.size(), pool, [&](size_t first, size_t count, int thread) {
            const FaceBlock block = block_of(store, dimension, rows, first, count, gallery.name());
            matcher.compare(block, rows.faces.data() + first, rows.people.data() + first, thread);
        });
    });
    return matcher.hits();
}

SearchHits search_among(const Gallery& gallery, std::span<const float> query, std::span<const int64_t> faces,
                        const SearchOptions& options) {
    Matcher matcher(gallery.store(), gallery.dimension(), query, options, 1);
    for (size_t first = 0; first < faces.size(); first += kMaxBlockFaces) {
        FaceRows rows;
        gallery.read_faces(faces.subspan(first, std::min<size_t>(kMaxBlockFaces, faces.size() - first)),
                           rows);
        const FaceBlock block =
            block_of(gallery.store(), gallery.dimension(), rows, 0, rows.size(), gallery.name());
        matcher.compare(block, rows.faces.data(), rows.people.data(), 0);
    }
    return matcher.hits();
}

ResidentGallery::ResidentGallery(const Gallery& gallery, ThreadPool& pool, Progress& progress)
    : ResidentGallery(gallery.store(), gallery.dimension()) {
    for_each_batch(gallery, pool, progress, [&](const FaceRows& rows) { add(rows, gallery.name(), pool); });
}

void ResidentGallery::add(const FaceRows& rows, const std::string& where, ThreadPool& pool) {
    const size_t parts = (rows.size() + kMaxBlockFaces - 1) / kMaxBlockFaces;
    std::vector<std::optional<FaceBlock>> blocks(parts);
    for_each_part(rows.size(), pool, [&](size_t first, size_t count, int) {
        blocks[first / kMaxBlockFaces].emplace(block_of(store_, dimension_, rows, first, count, where));
    });
    for (std::optional<FaceBlock>& block : blocks) {
        first_.push_back(blocks_.empty() ? 0 : first_.back() + static_cast<size_t>(blocks_.back().count()));
        blocks_.push_back(std::move(*block));
    }
    faces_.insert(faces_.end(), rows.faces.begin(), rows.faces.end());
    people_.insert(people_.end(), rows.people.begin(), rows.people.end());
}

size_t ResidentGallery::memory_bytes() const {
    size_t bytes = (faces_.size() + people_.size()) * sizeof(int64_t);
    for (const FaceBlock& block : blocks_) bytes += block.memory_bytes();
    return bytes;
}

SearchHits ResidentGallery::search(std::span<const float> queries, const SearchOptions& options,
                                   ThreadPool& pool) const {
    Matcher matcher(store_, dimension_, queries, options, pool.size());
    pool.parallel_for(static_cast<int64_t>(blocks_.size()), [&](int64_t block, int thread) {
        const auto index = static_cast<size_t>(block);
        matcher.compare(blocks_[index], faces_.data() + first_[index], people_.data() + first_[index],
                        thread);
    });
    return matcher.hits();
}

}  // namespace quantface
