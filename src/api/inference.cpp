#include "api/inference.h"

namespace quantface {

void Inference::embed(std::span<const PixelsView> images, std::span<float> embeddings) {
    const Embedder& embedder = *network_->embedder;
    if (threads_work_ == ThreadsWork::kThroughput) return embedder.embed(images, embeddings, pool_);
    const auto size = static_cast<size_t>(embedder.embedding_size());
    for (size_t index = 0; index < images.size(); ++index) {
        // A single image is divided over all threads.
        embedder.embed(images.subspan(index, 1), embeddings.subspan(index * size, size), pool_);
    }
}

}  // namespace quantface
