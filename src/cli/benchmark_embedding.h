// A benchmark's images through several networks at once, with what was done before taken from a store.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "eval/benchmarks/benchmark.h"
#include "eval/embedding_store.h"
#include "runtime/embedder.h"

namespace quantface {

// One network's embeddings of all images.
struct BenchmarkEmbeddingSet {
    std::vector<float> plain, mirrored;  // images x embedding size; rows of images that failed are zeros
    double seconds = 0;                  // in the network, for the images that it saw
    int64_t images_seen = 0;             // images and mirror images that came not from the store
};

struct EmbeddedBenchmark {
    std::vector<BenchmarkEmbeddingSet> sets;  // in the order of the networks
    std::vector<FailedImage> failed;          // by image; names of files are in the reasons
    std::vector<bool> is_failed;              // of each image
};

// stores: empty, or one for each network. Only the shard's images are embedded; with stores and a shard that
// is not all, the others are left zero. An image that cannot be read or shows no face is no error: it is in
// `failed`. Throws Error(kFailed) "interrupted"; what the stores hold then is kept.
EmbeddedBenchmark embed_benchmark(const Benchmark& benchmark, const std::vector<const Embedder*>& embedders,
                                  const std::vector<std::unique_ptr<EmbeddingStore>>& stores, Shard shard,
                                  ThreadPool& pool, Progress& progress);

}  // namespace quantface
