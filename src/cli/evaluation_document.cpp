#include "cli/evaluation_document.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>

#include <ctime>

#include "base/error.h"
#include "cli/layer_summary.h"
#include "cli/machine_description.h"
#include "cli/version.h"

namespace quantface {

namespace {

constexpr int kPictureSide = 112, kPictureQuality = 80;

Json interval_json(const std::optional<Interval>& interval) {
    return interval ? Json({interval->low, interval->high}) : Json();
}

double cosine_of(double squared_distance) {
    return 1 - squared_distance / 2;
}

Json rate_json(const JudgedRate& rate) {
    const TarAtFar& strict = rate.strict;
    Json row = {{"far", strict.far}};
    row["threshold"] = strict.tar ? Json(std::max(-1.0, cosine_of(strict.margin))) : Json();
    row["reached_far"] = strict.tar ? Json(strict.reached_far) : Json();
    row["tar"] = strict.tar ? Json(*strict.tar) : Json();
    row["fnmr"] = strict.tar ? Json(1 - *strict.tar) : Json();
    row["interval"] = interval_json(rate.interval);
    row["tar_linear"] = rate.linear;
    row["tar_nearest"] = rate.nearest;
    row["supported"] = strict.tar.has_value();
    return row;
}

Json accuracy_json(const Judgement& judgement) {
    if (!judgement.ten_fold) return Json();
    const TenFoldResult& fold = *judgement.ten_fold;
    return {{"mean", fold.accuracy_mean},
            {"std", fold.accuracy_std},
            {"folds", fold.fold_accuracies},
            {"threshold", cosine_of(fold.threshold_mean)},
            {"interval", interval_json(judgement.accuracy_interval)}};
}

Json identification_json(const std::optional<Identification>& found) {
    if (!found) return Json();
    Json open_set = Json::array();
    for (const OpenSetRate& rate : found->open_set)
        open_set.push_back({{"fpir", rate.fpir}, {"tpir", rate.tpir}, {"threshold", rate.threshold}});
    return {{"probes", found->probes}, {"gallery", found->gallery}, {"rank_1", found->rank_1},
            {"rank_5", found->rank_5}, {"rank_10", found->rank_10}, {"open_set", open_set}};
}

Json worst_json(const std::vector<WorstPair>& pairs, const Benchmark& benchmark, bool pictures) {
    const auto face = [&](int64_t side) {
        const int64_t image = benchmark.image_of_side(side);
        Json entry = {{"name", benchmark.image_name(image)}, {"image", nullptr}};
        if (!pictures) return entry;
        try {
            entry["image"] = picture_uri(benchmark.face(image, kPictureSide), kPictureQuality);
        } catch (const Error&) {
            // An image that cannot be shown still has its name.
        }
        return entry;
    };
    Json rows = Json::array();
    for (const WorstPair& pair : pairs)
        rows.push_back({{"score", pair.cosine}, {"a", face(pair.a)}, {"b", face(pair.b)}});
    return rows;
}

Json judgement_json(const Judgement& judgement, const DataResult& data, bool pictures) {
    Json rates = Json::array(), roc = Json::array();
    for (const JudgedRate& rate : judgement.rates) rates.push_back(rate_json(rate));
    for (const CurvePoint& point : judgement.curve) {
        const bool known = point.interval.has_value();
        roc.push_back({point.far, point.tar, known ? Json(point.interval->low) : Json(),
                       known ? Json(point.interval->high) : Json()});
    }
    const ScoreHistogram& histogram = judgement.histogram;
    return {{"benchmark", data.name},
            {"accuracy", accuracy_json(judgement)},
            {"rates", rates},
            {"auc", judgement.auc},
            {"auc_interval", interval_json(judgement.auc_interval)},
            {"equal_error_rate", judgement.equal_error_rate},
            {"equal_error_rate_interval", interval_json(judgement.equal_error_rate_interval)},
            {"d_prime", judgement.d_prime ? Json(*judgement.d_prime) : Json()},
            {"identification", identification_json(judgement.identification)},
            {"invalid_embeddings", judgement.invalid_embeddings},
            {"bootstrap_replicates", judgement.replicates},
            {"roc", roc},
            {"histogram",
             {{"from", histogram.from},
              {"width", histogram.width},
              {"genuine", histogram.genuine},
              {"impostor", histogram.impostors}}},
            {"worst",
             {{"false_matches", worst_json(judgement.false_matches, *data.benchmark, pictures)},
              {"false_non_matches", worst_json(judgement.false_non_matches, *data.benchmark, pictures)}}}};
}

Json agreement_json(const Measurement& measured, const DataResult& data) {
    const auto& agreement = measured.agreement;
    Json row = {{"data", data.name}, {"images", data.images}};
    row["mean_cosine"] = agreement ? Json(agreement->mean) : Json();
    row["std_cosine"] = agreement ? Json(agreement->standard_deviation) : Json();
    row["min_cosine"] = agreement ? Json(agreement->minimum) : Json();
    row["first_percentile_cosine"] = agreement ? Json(agreement->first_percentile) : Json();
    row["invalid_embeddings"] = agreement ? Json(agreement->invalid_embeddings) : Json();
    row["images_per_second"] = measured.images_per_second ? Json(*measured.images_per_second) : Json();
    return row;
}

Json layers_json(const ModelSummary& summary, const std::map<std::string, double>* noise) {
    Json layers = Json::array();
    for (const LayerSummary& layer : summary.layers) {
        Json row = {{"name", layer.name},
                    {"op", layer.op},
                    {"weight_bits", layer.weight_bits},
                    {"output_bits", layer.output_bits},
                    {"parameters", layer.parameters},
                    {"macs", layer.macs},
                    {"signal_to_noise_db", nullptr},
                    {"embedding_cosine", nullptr}};
        if (noise != nullptr && noise->contains(layer.name))
            row["signal_to_noise_db"] = noise->at(layer.name);
        layers.push_back(row);
    }
    return layers;
}

// Means by what has bits: weights by their number, activations by layers with levels.
void add_bits(const ModelSummary& summary, Json& model) {
    double weight_bits = 0, weights = 0, activation_bits = 0, activations = 0;
    for (const LayerSummary& layer : summary.layers) {
        if (layer.weight_bits > 0) {
            weight_bits += static_cast<double>(layer.weight_bits) * static_cast<double>(layer.parameters);
            weights += static_cast<double>(layer.parameters);
        }
        activation_bits += layer.output_bits;
        ++activations;
    }
    // The embedding, float in every network, is no activation.
    if (!summary.layers.empty() && summary.layers.back().output_bits == kFloatBits && activations > 1 &&
        summary.layers.front().output_bits != kFloatBits) {
        activation_bits -= kFloatBits;
        --activations;
    }
    model["weight_bits"] = weights > 0 ? weight_bits / weights : kFloatBits;
    model["activation_bits"] = activations > 0 ? activation_bits / activations : kFloatBits;
    const double bits = model["weight_bits"].get<double>();
    model["rule_bytes"] = static_cast<double>(summary.parameters) * 4 * bits / 32;
}

Json model_json(const EvaluationSetup& setup, const std::vector<DataResult>& results,
                const EvaluationContext& context, size_t i) {
    const LoadedModel& model = *setup.contestants[i].model;
    const auto& teacher = setup.contestants[i].teacher;
    const ModelSummary summary = summarize(model);
    Json row = {{"model", model.name}, {"sha256", model.sha256}, {"bits", describe_bits(model)}};
    row["teacher"] = teacher ? Json(setup.contestants[*teacher].model->name) : Json();
    add_bits(summary, row);
    row["file_bytes"] = model.file_bytes;
    row["parameters"] = summary.parameters;
    row["macs"] = summary.macs;
    row["embedding_size"] = model.embedding_size();
    row["speed"] = context.speed.empty() ? Json()
                                         : Json({{"threads", context.speed[i].threads},
                                                 {"median_ms", context.speed[i].median_ms},
                                                 {"p90_ms", context.speed[i].p90_ms}});
    const std::string record = model.integer_model() ? model.integer_model()->record : "";
    row["record"] = record.empty() ? Json() : Json::parse(record, nullptr, false);
    if (row["record"].is_discarded()) row["record"] = record;
    const bool has_noise = i < context.layer_noise_db.size() && !context.layer_noise_db[i].empty();
    row["layers"] = layers_json(summary, has_noise ? &context.layer_noise_db[i] : nullptr);
    row["agreement"] = Json::array();
    row["benchmarks"] = Json::array();
    for (const DataResult& data : results) {
        const Measurement& measured = data.measurements[i];
        row["agreement"].push_back(agreement_json(measured, data));
        if (measured.judgement)
            row["benchmarks"].push_back(judgement_json(*measured.judgement, data, context.pictures));
    }
    return row;
}

Json benchmark_json(const DataResult& data) {
    const Judgement& judgement = *data.measurements[0].judgement;
    Json failed = Json::array();
    for (const FailedImage& image : data.failed)
        failed.push_back({{"image", data.benchmark->image_name(image.image)}, {"reason", image.reason}});
    Json row = {{"name", data.name}, {"kind", data.benchmark->kind()}, {"file", data.benchmark->path()}};
    row["sha256"] = data.sha256.empty() ? Json() : Json(data.sha256);
    row["images"] = data.images;
    row["people"] = judgement.people;
    row["genuine_pairs"] = judgement.genuine_pairs;
    row["impostor_pairs"] = judgement.impostor_pairs;
    row["failed_images"] = failed;
    row["notes"] = judgement.notes;
    return row;
}

}  // namespace

std::string picture_uri(const Image& image, int jpeg_quality) {
    const std::vector<uint8_t> jpeg = encode_jpeg(image, jpeg_quality);
    std::string text(4 * ((jpeg.size() + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), jpeg.data(),
                                       static_cast<int>(jpeg.size()));
    text.resize(static_cast<size_t>(length));
    return "data:image/jpeg;base64," + text;
}

Json evaluation_document(const EvaluationSetup& setup, const std::vector<DataResult>& results,
                         const EvaluationContext& context) {
    const MachineDescription machine = describe_machine();
    const BootstrapOptions& bootstrap = setup.judge.bootstrap;
    Json document = {
        {"format", "quantface evaluation 1"},
        {"program", std::string("quantface ") + kProgramVersion},
        {"created", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
        {"command", context.command},
        {"machine",
         {{"cpu", machine.cpu}, {"cores", machine.cores}, {"instruction_set", machine.instruction_set}}},
        {"settings",
         {{"flip", context.flip},
          {"threads", context.threads},
          {"confidence", bootstrap.confidence},
          {"bootstrap", bootstrap.replicates},
          {"seed", bootstrap.seed},
          {"ijb", context.ijb}}}};
    const bool photos = std::any_of(results.begin(), results.end(), [](const DataResult& data) {
        return data.benchmark != nullptr && data.benchmark->aligns_photos();
    });
    document["settings"]["photos"] = photos ? Json(setup.photos) : Json();
    document["teacher"] = nullptr;
    for (const Contestant& contestant : setup.contestants) {
        if (contestant.teacher && document["teacher"].is_null())
            document["teacher"] = setup.contestants[*contestant.teacher].model->name;
    }
    document["benchmarks"] = Json::array();
    for (const DataResult& data : results) {
        if (data.benchmark) document["benchmarks"].push_back(benchmark_json(data));
    }
    document["models"] = Json::array();
    for (size_t i = 0; i < setup.contestants.size(); ++i)
        document["models"].push_back(model_json(setup, results, context, i));
    document["synthetic_faces"] = nullptr;
    if (!context.faces_sheet.empty())
        document["synthetic_faces"] = {{"description", context.faces_description},
                                       {"sheet", context.faces_sheet}};
    document["missing"] = context.missing;
    return document;
}

}  // namespace quantface
