// Several networks over benchmarks and unlabelled images: what `quantface eval` reports.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "cli/model_loading.h"
#include "eval/agreement.h"
#include "eval/benchmarks/benchmark.h"
#include "eval/embedding_store.h"
#include "eval/judgement.h"
#include "faces/image_source.h"

namespace quantface {

struct Contestant {
    const LoadedModel* model = nullptr;
    std::unique_ptr<Embedder> embedder;
    std::optional<size_t> teacher;  // index of the one that it is held against; never itself
};

struct EvaluationSetup {
    std::vector<Contestant> contestants;
    JudgeOptions judge;
    std::string photos;     // how faces are found in photographs, for the cache's key
    std::string cache;      // folder of embeddings; empty: none are kept
    bool hash_data = true;  // even where no cache needs it
    Shard shard;
};

// One network on one set of images.
struct Measurement {
    std::optional<Judgement> judgement;           // benchmarks only
    std::optional<EmbeddingAgreement> agreement;  // with its teacher; nothing without one
    std::optional<double> images_per_second;  // on all threads, decoding not counted; nothing from the cache
};

// One set of images, and the networks on it in their order.
struct DataResult {
    std::string name;
    int64_t images = 0;
    std::unique_ptr<Benchmark> benchmark;  // nothing for unlabelled images
    std::string sha256;                    // of a benchmark's contents; empty: not asked for
    std::vector<FailedImage> failed;
    std::vector<Measurement> measurements;  // empty where only a shard was embedded
};

// Throws Error(kBadInput) where no image is usable, Error(kFailed) "interrupted".
DataResult evaluate_benchmark(const EvaluationSetup& setup, std::unique_ptr<Benchmark> benchmark,
                              ThreadPool& pool, Progress& progress);

// The source's first `count` images, or all where it has fewer.
DataResult evaluate_source(const EvaluationSetup& setup, const ImageSource& source, int64_t count,
                           ThreadPool& pool, Progress& progress);

}  // namespace quantface
