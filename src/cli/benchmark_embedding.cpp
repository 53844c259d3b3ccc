#include "cli/benchmark_embedding.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "base/error.h"
#include "cli/photos.h"

namespace quantface {

namespace {

int side_of(const Embedder& embedder) {
    return std::max(embedder.input_spec().height, embedder.input_spec().width);
}

std::vector<PixelsView> views_of(const std::vector<Image>& images) {
    std::vector<PixelsView> views;
    for (const Image& image : images) views.push_back({image.rgb.data(), image.height, image.width});
    return views;
}

// The faces of a chunk for networks of one side; blank where there is none.
struct ChunkFaces {
    std::vector<Image> faces, mirrored;
    std::vector<FailedImage> failed;  // by image in the chunk
};

ChunkFaces read_faces(const Benchmark& benchmark, int64_t first, int64_t size, int side, ThreadPool& pool) {
    ChunkFaces chunk;
    chunk.faces.resize(static_cast<size_t>(size));
    chunk.mirrored.resize(benchmark.needs_mirrored() ? chunk.faces.size() : 0);
    std::vector<std::string> reasons(chunk.faces.size());
    pool.parallel_for(size, [&](int64_t i, int) {
        const auto target = static_cast<size_t>(i);
        try {
            chunk.faces[target] = benchmark.face(first + i, side);
        } catch (const DetectorError&) {
            throw;
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::kBadInput) throw;
            reasons[target] = error.what();
            chunk.faces[target] = {side, side, std::vector<uint8_t>(static_cast<size_t>(side) * side * 3, 0)};
        }
        if (!chunk.mirrored.empty()) chunk.mirrored[target] = mirrored(chunk.faces[target]);
    });
    for (size_t i = 0; i < reasons.size(); ++i) {
        if (!reasons[i].empty()) chunk.failed.push_back({static_cast<int64_t>(i), reasons[i]});
    }
    return chunk;
}

std::vector<float> embed(const Embedder& embedder, const std::vector<Image>& images,
                         const std::vector<FailedImage>& failed, ThreadPool& pool) {
    const auto width = static_cast<size_t>(embedder.embedding_size());
    std::vector<float> rows(images.size() * width);
    if (!images.empty()) embedder.embed(views_of(images), rows, pool);
    if (images.empty()) return rows;
    for (const FailedImage& image : failed) {
        std::fill_n(rows.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(image.image) * width),
                    width, 0.0f);
    }
    return rows;
}

void place(const std::vector<float>& rows, int64_t first, size_t width, std::vector<float>& target) {
    std::copy(rows.begin(), rows.end(),
              target.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(first) * width));
}

class Work {
  public:
    Work(const Benchmark& benchmark, const std::vector<const Embedder*>& embedders,
         const std::vector<std::unique_ptr<EmbeddingStore>>& stores, ThreadPool& pool)
        : benchmark_(benchmark), embedders_(embedders), stores_(stores), pool_(pool) {
        for (const Embedder* embedder : embedders) {
            const size_t numbers = static_cast<size_t>(benchmark.image_count()) *
                                   static_cast<size_t>(embedder->embedding_size());
            result_.sets.emplace_back();
            result_.sets.back().plain.resize(numbers);
            if (benchmark.needs_mirrored()) result_.sets.back().mirrored.resize(numbers);
        }
    }

    void chunk(int64_t number) {
        const int64_t first = number * kImagesPerChunk, size = chunk_size(benchmark_.image_count(), number);
        std::map<int, ChunkFaces> faces;  // by side
        for (size_t i = 0; i < embedders_.size(); ++i) {
            const bool known = !stores_.empty() && stores_[i]->has(number);
            EmbeddingChunk chunk;
            if (known) {
                chunk = stores_[i]->read(number);
            } else {
                const int side = side_of(*embedders_[i]);
                if (!faces.contains(side)) faces[side] = read_faces(benchmark_, first, size, side, pool_);
                chunk = compute(i, faces[side]);
                if (!stores_.empty()) stores_[i]->append(number, chunk);
            }
            keep(i, first, chunk);
        }
    }

    EmbeddedBenchmark finish() {
        result_.is_failed.assign(static_cast<size_t>(benchmark_.image_count()), false);
        for (const auto& [image, reason] : failed_) {
            result_.failed.push_back({image, reason});
            result_.is_failed[static_cast<size_t>(image)] = true;
        }
        return std::move(result_);
    }

  private:
    EmbeddingChunk compute(size_t i, const ChunkFaces& faces) {
        BenchmarkEmbeddingSet& set = result_.sets[i];
        const auto start = std::chrono::steady_clock::now();
        EmbeddingChunk chunk;
        chunk.plain = embed(*embedders_[i], faces.faces, faces.failed, pool_);
        chunk.mirrored = embed(*embedders_[i], faces.mirrored, faces.failed, pool_);
        set.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        set.images_seen += static_cast<int64_t>(faces.faces.size() + faces.mirrored.size());
        chunk.failed = faces.failed;
        return chunk;
    }

    void keep(size_t i, int64_t first, const EmbeddingChunk& chunk) {
        const auto width = static_cast<size_t>(embedders_[i]->embedding_size());
        place(chunk.plain, first, width, result_.sets[i].plain);
        place(chunk.mirrored, first, width, result_.sets[i].mirrored);
        for (const FailedImage& image : chunk.failed) failed_.emplace(first + image.image, image.reason);
    }

    const Benchmark& benchmark_;
    const std::vector<const Embedder*>& embedders_;
    const std::vector<std::unique_ptr<EmbeddingStore>>& stores_;
    ThreadPool& pool_;
    EmbeddedBenchmark result_;
    std::map<int64_t, std::string> failed_;
};

}  // namespace

EmbeddedBenchmark embed_benchmark(const Benchmark& benchmark, const std::vector<const Embedder*>& embedders,
                                  const std::vector<std::unique_ptr<EmbeddingStore>>& stores, Shard shard,
                                  ThreadPool& pool, Progress& progress) {
    QF_CHECK(stores.empty() || stores.size() == embedders.size());
    Work work(benchmark, embedders, stores, pool);
    const int64_t images = benchmark.image_count();
    int64_t mine = 0;
    for (int64_t chunk = 0; chunk < chunk_count(images); ++chunk)
        mine += shard.has(chunk) ? chunk_size(images, chunk) : 0;
    progress.start(benchmark.name() + ", images", mine);
    for (int64_t chunk = 0; chunk < chunk_count(images); ++chunk) {
        if (!shard.has(chunk)) continue;
        if (progress.stop_requested()) fail_work("interrupted");
        work.chunk(chunk);
        progress.advance(chunk_size(images, chunk));
    }
    progress.finish();
    return work.finish();
}

}  // namespace quantface
