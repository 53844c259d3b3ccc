// Many images through several networks at once.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "faces/image.h"
#include "runtime/embedder.h"

namespace quantface {

// Image `index`; called from the pool's threads.
using ImageReader = std::function<Image(int64_t index)>;

// One network's embeddings.
struct EmbeddingSet {
    std::vector<float> embeddings;  // images x embedding size, not normalised
    std::vector<float> mirrored;    // the same of the mirror images, where asked for
    double seconds = 0;             // spent in the network alone, on all threads together
};

// Each image is read and decoded once, a batch at a time, and seen by every network. One step of progress an
// image. Throws Error(kFailed) "interrupted" when the user asks to stop, and what `read` throws.
std::vector<EmbeddingSet> embed_images(const std::vector<const Embedder*>& embedders, int64_t count,
                                       const ImageReader& read, bool with_mirrored, ThreadPool& pool,
                                       Progress& progress);

}  // namespace quantface
