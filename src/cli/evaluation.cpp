#include "cli/evaluation.h"

#include <algorithm>

#include "base/error.h"
#include "cli/benchmark_embedding.h"
#include "cli/data_hash.h"
#include "cli/embedding.h"
#include "cli/sha256.h"
#include "eval/embeddings.h"

namespace quantface {

namespace {

// Everything that decides the embeddings' bits. Float networks round differently on different instruction
// sets; that is left out, so that machines can share the work.
EmbeddingSetKey key_of(const EvaluationSetup& setup, const Contestant& contestant, const Benchmark& benchmark,
                       const std::string& data_sha256) {
    const std::string text = "quantface embeddings 1\n" + contestant.model->sha256 + "\n" +
                             describe_input(contestant.embedder->input_spec()) + "\n" + data_sha256 + "\n" +
                             (benchmark.aligns_photos() ? setup.photos : "as given") + "\n";
    return {sha256_hex_of_text(text), benchmark.image_count(), contestant.embedder->embedding_size(),
            benchmark.needs_mirrored()};
}

// Rows of images that did not fail.
std::vector<float> usable_rows(std::span<const float> rows, const std::vector<bool>& failed, int size) {
    std::vector<float> usable;
    const auto width = static_cast<size_t>(size);
    for (size_t i = 0; i < failed.size(); ++i) {
        if (!failed[i])
            usable.insert(usable.end(), rows.begin() + static_cast<std::ptrdiff_t>(i * width),
                          rows.begin() + static_cast<std::ptrdiff_t>((i + 1) * width));
    }
    return usable;
}

// With flips the sums are compared, which is what is judged.
std::optional<EmbeddingAgreement> agreement_of(const EvaluationSetup& setup, size_t i,
                                               const std::vector<std::vector<float>>& rows) {
    const std::optional<size_t> teacher = setup.contestants[i].teacher;
    const int size = setup.contestants[i].embedder->embedding_size();
    if (!teacher || setup.contestants[*teacher].embedder->embedding_size() != size || rows[i].empty())
        return std::nullopt;
    return measure_agreement(rows[i], rows[*teacher], size);
}

std::vector<const Embedder*> embedders_of(const EvaluationSetup& setup) {
    std::vector<const Embedder*> embedders;
    for (const Contestant& contestant : setup.contestants) embedders.push_back(contestant.embedder.get());
    return embedders;
}

void measure(const EvaluationSetup& setup, EmbeddedBenchmark& embedded, DataResult& result, ThreadPool& pool,
             Progress& progress) {
    std::vector<std::vector<float>> usable;
    for (size_t i = 0; i < setup.contestants.size(); ++i) {
        const BenchmarkEmbeddingSet& set = embedded.sets[i];
        const int size = setup.contestants[i].embedder->embedding_size();
        usable.push_back(usable_rows(set.mirrored.empty() ? set.plain : sum_of_flips(set.plain, set.mirrored),
                                     embedded.is_failed, size));
    }
    for (size_t i = 0; i < setup.contestants.size(); ++i) {
        const BenchmarkEmbeddingSet& set = embedded.sets[i];
        Measurement measurement;
        measurement.agreement = agreement_of(setup, i, usable);
        if (set.images_seen > 0)
            measurement.images_per_second =
                static_cast<double>(set.images_seen) / std::max(set.seconds, 1e-9);
        const BenchmarkEmbeddings rows{set.plain, set.mirrored,
                                       setup.contestants[i].embedder->embedding_size(), embedded.is_failed};
        measurement.judgement = result.benchmark->judge(rows, setup.judge, pool, progress);
        result.measurements.push_back(std::move(measurement));
    }
}

}  // namespace

DataResult evaluate_benchmark(const EvaluationSetup& setup, std::unique_ptr<Benchmark> benchmark,
                              ThreadPool& pool, Progress& progress) {
    DataResult result;
    result.name = benchmark->name();
    result.images = benchmark->image_count();
    result.benchmark = std::move(benchmark);
    if (setup.hash_data || !setup.cache.empty())
        result.sha256 = hash_data_files(result.benchmark->data_files(), pool, progress);
    std::vector<std::unique_ptr<EmbeddingStore>> stores;
    if (!setup.cache.empty()) {
        for (const Contestant& contestant : setup.contestants) {
            stores.push_back(std::make_unique<EmbeddingStore>(
                setup.cache, key_of(setup, contestant, *result.benchmark, result.sha256), setup.shard));
        }
    }
    EmbeddedBenchmark embedded =
        embed_benchmark(*result.benchmark, embedders_of(setup), stores, setup.shard, pool, progress);
    result.failed = embedded.failed;
    if (!setup.shard.is_all()) return result;
    if (static_cast<int64_t>(result.failed.size()) == result.images)
        fail_bad_input(result.benchmark->path() + ": no image is usable; " + result.failed[0].reason);
    measure(setup, embedded, result, pool, progress);
    return result;
}

DataResult evaluate_source(const EvaluationSetup& setup, const ImageSource& source, int64_t count,
                           ThreadPool& pool, Progress& progress) {
    DataResult result;
    result.images = std::min(count, source.size().value_or(count));
    result.name = source.description();
    progress.start("held-out faces, images", result.images);
    std::vector<EmbeddingSet> sets = embed_images(
        embedders_of(setup), result.images, [&](int64_t index) { return source.image(index); }, false, pool,
        progress);
    progress.finish();
    std::vector<std::vector<float>> rows;
    for (EmbeddingSet& set : sets) rows.push_back(std::move(set.embeddings));
    for (size_t i = 0; i < rows.size(); ++i) {
        Measurement measurement;
        measurement.agreement = agreement_of(setup, i, rows);
        measurement.images_per_second = static_cast<double>(result.images) / std::max(sets[i].seconds, 1e-9);
        result.measurements.push_back(std::move(measurement));
    }
    return result;
}

}  // namespace quantface
