#include "cli/evaluation.h"

#include <algorithm>

#include "base/error.h"
#include "cli/embedding.h"
#include "eval/embeddings.h"
#include "faces/bin_pack.h"

namespace quantface {

namespace {

// Embeddings of each contestant (with flips: the sums), and their speed.
struct Embedded {
    std::vector<std::vector<float>> embeddings;
    std::vector<double> images_per_second;
};

Embedded embed_all(const EvaluationSetup& setup, const std::string& name, int64_t count,
                   const ImageReader& read, ThreadPool& pool, Progress& progress) {
    std::vector<const Embedder*> embedders;
    for (const Contestant& contestant : setup.contestants) embedders.push_back(contestant.embedder.get());
    progress.start(name + ", images", count);
    std::vector<EmbeddingSet> sets = embed_images(embedders, count, read, setup.flip, pool, progress);
    progress.finish();
    Embedded result;
    const double passes = static_cast<double>(count) * (setup.flip ? 2 : 1);
    for (EmbeddingSet& set : sets) {
        result.embeddings.push_back(setup.flip ? sum_of_flips(set.embeddings, set.mirrored)
                                               : std::move(set.embeddings));
        result.images_per_second.push_back(passes / std::max(set.seconds, 1e-9));
    }
    return result;
}

std::vector<Measurement> measure(const EvaluationSetup& setup, const Embedded& embedded) {
    std::vector<Measurement> measurements(setup.contestants.size());
    for (size_t i = 0; i < measurements.size(); ++i) {
        measurements[i].images_per_second = embedded.images_per_second[i];
        const int size = setup.contestants[i].embedder->embedding_size();
        if (!setup.teacher || *setup.teacher == i ||
            setup.contestants[*setup.teacher].embedder->embedding_size() != size) {
            continue;
        }
        measurements[i].agreement =
            measure_agreement(embedded.embeddings[i], embedded.embeddings[*setup.teacher], size);
    }
    return measurements;
}

}  // namespace

DataResult evaluate_pack(const EvaluationSetup& setup, const std::string& path, ThreadPool& pool,
                         Progress& progress) {
    const BinPack pack = BinPack::open(path);
    const auto genuine = std::count(pack.same_flags().begin(), pack.same_flags().end(), true);
    // Before the work, not after it.
    if (pack.pair_count() < 10 || genuine == 0 || genuine == pack.pair_count()) {
        fail_bad_input(path + ": " + std::to_string(pack.pair_count()) + " pairs, " +
                       std::to_string(genuine) + " of the same person; ten pairs and both kinds are needed");
    }
    const Embedded embedded = embed_all(
        setup, pack.file_name(), pack.image_count(), [&](int64_t index) { return pack.image(index); }, pool,
        progress);
    DataResult result{pack.file_name(), pack.image_count(), measure(setup, embedded)};
    for (size_t i = 0; i < result.measurements.size(); ++i) {
        result.measurements[i].verification =
            evaluate_verification(embedded.embeddings[i], setup.contestants[i].embedder->embedding_size(),
                                  pack.same_flags(), kReportedFars);
    }
    return result;
}

DataResult evaluate_source(const EvaluationSetup& setup, const ImageSource& source, int64_t count,
                           ThreadPool& pool, Progress& progress) {
    const int64_t images = std::min(count, source.size().value_or(count));
    const std::string name = source.description();
    const Embedded embedded = embed_all(
        setup, "held-out faces", images, [&](int64_t index) { return source.image(index); }, pool, progress);
    return {name, images, measure(setup, embedded)};
}

}  // namespace quantface
