// A score as a JSON document.
#include "cli/score_report.h"

namespace quantface {

namespace {

Json to_json(const Distribution& distribution) {
    if (distribution.count == 0) return nullptr;
    Json quantiles = Json::object();
    for (size_t i = 0; i < kReportedQuantiles.size(); ++i) {
        quantiles[Json(kReportedQuantiles[i]).dump()] = distribution.quantiles[i];
    }
    return {{"count", distribution.count},
            {"mean", distribution.mean},
            {"std", distribution.standard_deviation},
            {"min", distribution.minimum},
            {"max", distribution.maximum},
            {"quantiles", quantiles}};
}

Json to_json(const std::optional<Separation>& separation) {
    if (!separation) return nullptr;
    return {{"d_prime", separation->d_prime ? Json(*separation->d_prime) : Json()},
            {"equal_error_rate", separation->equal_error_rate},
            {"balanced_accuracy", separation->balanced_accuracy},
            {"accuracy_threshold", separation->accuracy_threshold}};
}

Json to_json(const std::vector<Duplicate>& duplicates, const DuplicateLimits& limits, int64_t images) {
    Json list = Json::array();
    for (const Duplicate& duplicate : duplicates) {
        list.push_back({{"image", duplicate.image},
                        {"earlier", duplicate.earlier},
                        {"identical", duplicate.identical},
                        {"cosine", duplicate.cosine},
                        {"pixel_difference", duplicate.pixel_difference}});
    }
    return {
        {"cosine_limit", limits.cosine},
        {"pixel_difference_limit", limits.pixel_difference},
        {"count", duplicates.size()},
        {"per_1000_images", 1000.0 * static_cast<double>(duplicates.size()) / static_cast<double>(images)},
        {"images", list}};
}

Json to_json(const ScoredSet& set) {
    return {{"data", set.name},
            {"images", set.images},
            {"invalid_embeddings", set.invalid_embeddings},
            {"effective_rank", set.spread.effective_rank},
            {"largest_component", set.spread.largest_component},
            {"mean_length", set.spread.mean_length},
            {"nearest_distance", to_json(set.nearest_distances)},
            {"same_identity_cosine", to_json(set.pairs.same.describe())},
            {"other_identity_cosine", to_json(set.pairs.other.describe())},
            {"unlabelled_cosine", to_json(set.pairs.unlabelled.describe())},
            {"verification", to_json(set.separation)}};
}

Json to_json(const Range& range) {
    return {range.low, range.high};
}

Json to_json(const ActivationBounds& bounds) {
    return {{"extremes", to_json(bounds.extremes)}, {"quantiles", to_json(bounds.quantiles)}};
}

Json to_json(const ChannelDistance& channels) {
    return {{"channels", channels.channels},
            {"mean_shift", channels.mean_shift},
            {"largest_shift", channels.largest_shift},
            {"log_std_ratio", channels.log_std_ratio},
            {"abs_log_std_ratio", channels.abs_log_std_ratio}};
}

Json to_json(const std::vector<LayerCoverage>& layers) {
    Json list = Json::array();
    for (const LayerCoverage& layer : layers) {
        list.push_back({{"name", layer.name},
                        {"op", layer.op},
                        {"quantized", layer.quantized},
                        {"set", to_json(layer.set)},
                        {"reference", to_json(layer.reference)},
                        {"in_extremes", layer.in_extremes},
                        {"in_quantiles", layer.in_quantiles},
                        {"overflow", layer.overflow},
                        {"clipped_energy", layer.clipped_energy},
                        {"range_ratio", layer.range_ratio ? Json(*layer.range_ratio) : Json()},
                        {"noise_db", layer.noise_db ? Json(*layer.noise_db) : Json()},
                        {"channels", to_json(layer.channels)}});
    }
    return list;
}

Json to_json(const CoverageSummary& summary) {
    return {{"layers", summary.layers},
            {"in_extremes", summary.in_extremes},
            {"in_quantiles", summary.in_quantiles},
            {"overflow", summary.overflow},
            {"clipped_energy", summary.clipped_energy},
            {"range_ratio", summary.range_ratio},
            {"noise_db", summary.noise_db},
            {"mean_shift", summary.mean_shift},
            {"abs_log_std_ratio", summary.abs_log_std_ratio}};
}

Json to_json(const std::vector<BatchNormDistance>& norms) {
    Json list = Json::array();
    for (const BatchNormDistance& norm : norms)
        list.push_back({{"name", norm.name}, {"channels", to_json(norm.channels)}});
    return list;
}

Json to_json(const NearestCosines& nearest) {
    return {{"cosine", to_json(nearest.cosines)}, {"share_above_threshold", nearest.share_above_threshold}};
}

Json to_json(const Disclosure& disclosure, const Score& score) {
    Json closest = Json::array();
    for (const MatchedImage& match : disclosure.closest) {
        closest.push_back(
            {{"image", match.image}, {"training_image", match.training_image}, {"cosine", match.cosine}});
    }
    return {{"training_set", score.training_set},
            {"training_images", score.training_images},
            {"threshold", disclosure.threshold},
            {"far", disclosure.far ? Json(*disclosure.far) : Json()},
            {"threshold_pairs", disclosure.threshold_pairs},
            {"threshold_from_unlabelled_pairs", disclosure.threshold_unlabelled},
            {"set_to_training", to_json(disclosure.set)},
            {"training_leave_one_out", to_json(disclosure.leave_one_out)},
            {"training_leave_identity_out",
             disclosure.leave_identity_out ? to_json(*disclosure.leave_identity_out) : Json()},
            {"share_by_chance", disclosure.share_by_chance ? Json(*disclosure.share_by_chance) : Json()},
            {"closest", closest}};
}

}  // namespace

Json score_json(const Score& score) {
    Json document = {{"model", score.model}, {"embedding_size", score.embedding_size}};
    document["source_person"] = score.drawn_by_program ? Json("none") : Json("unknown");
    document["set"] = to_json(score.set);
    document["set"]["duplicates"] = to_json(score.set.duplicates.value_or(std::vector<Duplicate>()),
                                            score.duplicate_limits, score.set.images);
    document["set"]["batch_norm_distance"] = to_json(score.batch_norms);
    document["reference"] = nullptr;
    if (score.reference) {
        document["reference"] = to_json(*score.reference);
        document["reference"]["batch_norm_distance"] = to_json(score.reference_batch_norms);
    }
    document["coverage"] = score.layers.empty() ? Json() : to_json(summarize(score.layers));
    document["layers"] = to_json(score.layers);
    document["training_set"] = score.disclosure ? to_json(*score.disclosure, score) : Json();
    return document;
}

}  // namespace quantface
