#include "cli/score_measurement.h"

#include <algorithm>

#include "base/error.h"
#include "cli/embedding.h"
#include "eval/embeddings.h"
#include "faces/fingerprint.h"

namespace quantface {

namespace {

std::vector<int64_t> identities_of(const ImageSource& source, int64_t count) {
    std::vector<int64_t> identities;
    for (int64_t index = 0; index < count; ++index) {
        identities.push_back(source.identity(index).value_or(kUnknownIdentity));
    }
    return identities;
}

// Fills embeddings, activations and, where wanted, prints.
void run_network(const LoadedModel& model, const ImageSource& source, const SetMeasurement& measurement,
                 ThreadPool& pool, Progress& progress, ScoredSet& set, std::vector<Fingerprint>& prints) {
    if (measurement.duplicates) prints.resize(static_cast<size_t>(set.images));
    const auto look_at = [&](int64_t index, const Image& image) {
        if (!prints.empty()) prints[static_cast<size_t>(index)] = fingerprint_of(image);
    };
    const std::string label = measurement.label + ", images";
    if (measurement.activations) {
        set.activations = measure_activations(*model.graph(), source, set.images,
                                              {label, measurement.bounds, look_at}, pool, progress);
        set.embeddings = std::move(set.activations->embeddings);
        return;
    }
    const std::unique_ptr<Embedder> embedder = make_embedder(model);
    const auto read = [&](int64_t index) {
        Image image = source.image(index);
        look_at(index, image);
        return image;
    };
    progress.start(label, set.images);
    set.embeddings =
        std::move(embed_images({embedder.get()}, set.images, read, false, pool, progress)[0].embeddings);
    progress.finish();
}

Distribution nearest_distances(const PairScan& pairs) {
    std::vector<double> distances;
    for (const Neighbour& neighbour : pairs.nearest) {
        if (neighbour.index >= 0) distances.push_back(std::clamp(1 - neighbour.cosine, 0.0, 2.0));
    }
    return describe(std::move(distances));
}

}  // namespace

ScoredSet measure_set(const LoadedModel& model, const ImageSource& source, int64_t count,
                      const SetMeasurement& measurement, ThreadPool& pool, Progress& progress) {
    ScoredSet set;
    set.name = source.description();
    set.images = std::min(count, source.size().value_or(count));
    if (set.images < 2) fail_bad_input(set.name + ": at least 2 images are needed");
    std::vector<Fingerprint> prints;
    run_network(model, source, measurement, pool, progress, set, prints);
    const int64_t dimension = model.embedding_size();
    set.invalid_embeddings = normalize_embeddings(set.embeddings, dimension);
    if (set.images - set.invalid_embeddings < 2)
        fail_work(model.name + ": its embeddings are zero or not finite: this network is broken");
    set.spread = measure_spread(set.embeddings, dimension);

    const std::vector<int64_t> identities = identities_of(source, set.images);
    PairScanOptions options;
    options.identities = identities;
    if (measurement.duplicates) {
        options.close_cosine = measurement.duplicates->cosine;
        options.is_candidate = [&](int64_t image, int64_t earlier) {
            return may_be_duplicates(prints[static_cast<size_t>(image)], prints[static_cast<size_t>(earlier)],
                                     *measurement.duplicates);
        };
    }
    set.pairs = scan_pairs(set.embeddings, dimension, options, pool, progress);
    set.nearest_distances = nearest_distances(set.pairs);
    set.separation = separation(set.pairs.same, set.pairs.other);
    if (measurement.duplicates) {
        set.duplicates =
            find_duplicates(source, prints, set.pairs.close, *measurement.duplicates, pool, progress);
    }
    return set;
}

}  // namespace quantface
