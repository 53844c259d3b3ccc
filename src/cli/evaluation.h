// Several networks over verification packs and unlabelled images: what `quantface eval` reports.
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
#include "eval/verification.h"
#include "faces/image_source.h"

namespace quantface {

// The false accept rates reported, where the pairs at hand support them.
inline constexpr double kReportedFars[] = {1e-1, 1e-2, 1e-3};

// One network on one set of images.
struct Measurement {
    std::optional<VerificationResult> verification;  // packs only
    std::optional<EmbeddingAgreement> agreement;     // with the teacher; nothing for itself or without one
    double images_per_second = 0;                    // on all threads, decoding not counted
};

// One set of images, and the networks on it in their order.
struct DataResult {
    std::string name;
    int64_t images = 0;
    std::vector<Measurement> measurements;
};

struct Contestant {
    const LoadedModel* model = nullptr;
    std::unique_ptr<Embedder> embedder;
};

struct EvaluationSetup {
    std::vector<Contestant> contestants;
    std::optional<size_t> teacher;  // index of the one that the others are held against
    bool flip = false;              // embeddings of image and mirror image are added
};

// Throws Error(kBadInput), naming the pack, where it is damaged or cannot be judged (less than ten pairs,
// pairs of one kind only).
DataResult evaluate_pack(const EvaluationSetup& setup, const std::string& path, ThreadPool& pool,
                         Progress& progress);

// The source's first `count` images, or all where it has fewer.
DataResult evaluate_source(const EvaluationSetup& setup, const ImageSource& source, int64_t count,
                           ThreadPool& pool, Progress& progress);

}  // namespace quantface
