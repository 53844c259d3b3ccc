#include "gallery/index_search.h"

#include <algorithm>

#include "base/error.h"
#include "eval/embeddings.h"

namespace quantface {

namespace {

// Rows between which the user may stop.
constexpr int64_t kBatch = 16384;

// The embeddings of the next faces behind `after`, of length 1; nothing at the end.
std::vector<float> next_embeddings(const Gallery& gallery, int64_t after, FaceRows& rows) {
    rows.clear();
    gallery.read_faces(after, kBatch, rows);
    const auto width = static_cast<size_t>(gallery.dimension());
    const size_t bytes = stored_embedding_bytes(gallery.store(), gallery.dimension());
    std::vector<float> embeddings(rows.size() * width);
    for (size_t row = 0; row < rows.size(); ++row) {
        restore_embedding(gallery.store(), std::span(rows.embeddings).subspan(row * bytes, bytes),
                          gallery.name(), std::span(embeddings).subspan(row * width, width));
    }
    return embeddings;
}

// Calls use(rows, embeddings) for all faces.
template <typename Use>
void for_each_batch(const Gallery& gallery, const std::string& label, Progress& progress, const Use& use) {
    progress.start(label, gallery.face_count());
    FaceRows rows;
    for (int64_t last = INT64_MIN;; last = rows.faces.back()) {
        if (progress.stop_requested()) fail_work("interrupted");
        const std::vector<float> embeddings = next_embeddings(gallery, last, rows);
        if (embeddings.empty()) break;
        use(rows, embeddings);
        progress.advance(static_cast<int64_t>(rows.size()));
    }
    progress.finish();
}

// About `wanted` embeddings, evenly spread over the gallery.
std::vector<float> sample(const Gallery& gallery, int64_t wanted, Progress& progress) {
    const int64_t step = std::max<int64_t>(gallery.face_count() / wanted, 1);
    const auto width = static_cast<size_t>(gallery.dimension());
    std::vector<float> chosen;
    int64_t row = 0;
    for_each_batch(gallery, "choosing what to learn from, faces", progress,
                   [&](const FaceRows& rows, const std::vector<float>& embeddings) {
                       for (size_t i = 0; i < rows.size(); ++i, ++row) {
                           if (row % step != 0) continue;
                           const auto from = embeddings.begin() + static_cast<ptrdiff_t>(i * width);
                           chosen.insert(chosen.end(), from, from + static_cast<ptrdiff_t>(width));
                       }
                   });
    return chosen;
}

}  // namespace

int64_t build_index(Gallery& gallery, const std::filesystem::path& path, IndexKind kind,
                    const IndexModule& module, int threads, Progress& progress) {
    // No lock is held while this works, so that others may go on; write_index_file() finds out if they did.
    const GalleryContent content = gallery.content();
    const int64_t count = gallery.face_count();
    if (count == 0) fail_usage(gallery.name() + ": has no faces to index");
    IndexFile index{kind, content, {}, module.create(kind, gallery.dimension(), count, threads)};
    if (const int64_t wanted = index.engine->training_rows(); wanted > 0) {
        const std::vector<float> rows = sample(gallery, wanted, progress);
        progress.start("learning lists and codes, steps", 1);
        index.engine->train(rows, progress);
        progress.finish();
    }
    for_each_batch(gallery, "indexing, faces", progress,
                   [&](const FaceRows& rows, const std::vector<float>& embeddings) {
                       index.engine->add(embeddings);
                       index.faces.insert(index.faces.end(), rows.faces.begin(), rows.faces.end());
                   });
    write_index_file(index, gallery.dimension(), gallery, path);
    return static_cast<int64_t>(index.faces.size());
}

std::vector<int64_t> index_candidates(const IndexFile& index, std::span<const float> queries, int dimension,
                                      const SearchOptions& options) {
    std::vector<float> unit(queries.begin(), queries.end());
    if (normalize_embeddings(unit, dimension) > 0) fail_usage("a query without direction");
    const int64_t candidates = std::min(std::max(kMinCandidates, kCandidatesAHit * options.limit),
                                        static_cast<int64_t>(index.faces.size()));
    const size_t count = queries.size() / static_cast<size_t>(dimension);
    std::vector<int64_t> rows(count * static_cast<size_t>(candidates));
    index.engine->search(unit, candidates, rows);
    return rows;
}

SearchHits search_with_index(const Gallery& gallery, const IndexFile& index, std::span<const float> queries,
                             const SearchOptions& options) {
    const auto width = static_cast<size_t>(gallery.dimension());
    const std::vector<int64_t> rows = index_candidates(index, queries, gallery.dimension(), options);
    const size_t count = queries.size() / width, candidates = rows.size() / count;
    const SqliteTransaction reading = gallery.begin_reading();
    if (gallery.content() != index.content) {
        fail_bad_input(gallery.name() + ": was changed since its index was read; search again");
    }
    SearchHits hits;
    for (size_t query = 0; query < count; ++query) {
        std::vector<int64_t> faces;
        for (size_t i = 0; i < candidates; ++i) {
            const int64_t row = rows[query * candidates + i];
            if (row >= 0) faces.push_back(index.faces.at(static_cast<size_t>(row)));
        }
        std::sort(faces.begin(), faces.end());  // as they lie in the file
        hits.push_back(search_among(gallery, queries.subspan(query * width, width), faces, options).front());
    }
    return hits;
}

}  // namespace quantface
