#include "cli/embedding.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"

namespace quantface {

namespace {

std::vector<PixelsView> views_of(const std::vector<Image>& images) {
    std::vector<PixelsView> views;
    views.reserve(images.size());
    for (const Image& image : images) views.push_back({image.rgb.data(), image.height, image.width});
    return views;
}

// Seconds that the network took.
double embed_batch(const Embedder& embedder, const std::vector<Image>& images, int64_t first,
                   std::vector<float>& embeddings, ThreadPool& pool) {
    const auto size = static_cast<size_t>(embedder.embedding_size());
    const std::span<float> target(embeddings.data() + static_cast<size_t>(first) * size,
                                  images.size() * size);
    const std::vector<PixelsView> views = views_of(images);
    const auto start = std::chrono::steady_clock::now();
    embedder.embed(views, target, pool);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::vector<EmbeddingSet> embed_images(const std::vector<const Embedder*>& embedders, int64_t count,
                                       const ImageReader& read, bool with_mirrored, ThreadPool& pool,
                                       Progress& progress) {
    std::vector<EmbeddingSet> sets(embedders.size());
    for (size_t i = 0; i < embedders.size(); ++i) {
        const size_t numbers =
            static_cast<size_t>(count) * static_cast<size_t>(embedders[i]->embedding_size());
        sets[i].embeddings.resize(numbers);
        if (with_mirrored) sets[i].mirrored.resize(numbers);
    }
    const int64_t batch = 16 * int64_t{pool.size()};
    std::vector<Image> images;
    for (int64_t first = 0; first < count; first += batch) {
        if (progress.stop_requested()) fail_work("interrupted");
        const int64_t size = std::min(batch, count - first);
        images.assign(static_cast<size_t>(size), {});
        pool.parallel_for(size, [&](int64_t i, int) { images[static_cast<size_t>(i)] = read(first + i); });
        for (size_t i = 0; i < embedders.size(); ++i) {
            sets[i].seconds += embed_batch(*embedders[i], images, first, sets[i].embeddings, pool);
        }
        if (with_mirrored) {
            for (Image& image : images) image = mirrored(image);
            for (size_t i = 0; i < embedders.size(); ++i) {
                sets[i].seconds += embed_batch(*embedders[i], images, first, sets[i].mirrored, pool);
            }
        }
        progress.advance(size);
    }
    return sets;
}

}  // namespace quantface
