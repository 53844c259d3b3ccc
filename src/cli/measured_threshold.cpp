#include "cli/measured_threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "base/file.h"

namespace quantface {

namespace {

using Json = nlohmann::json;

Json parse(const std::filesystem::path& path) {
    const std::vector<uint8_t> bytes = read_file(path);
    Json document = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (document.is_discarded() || !document.is_object() ||
        document.value("format", Json()) != "quantface evaluation 1") {
        fail_bad_input(path.string() + ": no evaluation; `quantface eval --save-json` writes one");
    }
    return document;
}

int64_t impostor_pairs(const Json& document, const std::string& benchmark) {
    for (const Json& entry : document.at("benchmarks")) {
        if (entry.at("name") == benchmark) return entry.at("impostor_pairs").get<int64_t>();
    }
    return 0;
}

std::optional<MeasuredThreshold> best_threshold(const Json& document, const Json& model, double far) {
    std::optional<MeasuredThreshold> best;
    for (const Json& entry : model.at("benchmarks")) {
        const std::string name = entry.at("benchmark").get<std::string>();
        const int64_t pairs = impostor_pairs(document, name);
        for (const Json& rate : entry.at("rates")) {
            const double asked = rate.at("far").get<double>();
            if (std::abs(asked - far) > 1e-9 * far || rate.at("supported") != true) continue;
            if (best && best->impostor_pairs >= pairs) continue;
            best = {rate.at("threshold").get<double>(), asked, rate.at("reached_far").get<double>(), name,
                    pairs};
        }
    }
    return best;
}

}  // namespace

MeasuredThreshold read_measured_threshold(const std::filesystem::path& evaluation,
                                          const std::string& model_sha256, double far) {
    const Json document = parse(evaluation);
    std::optional<MeasuredThreshold> best;
    bool knows_model = false;
    try {
        for (const Json& model : document.at("models")) {
            if (model.at("sha256") != model_sha256) continue;
            knows_model = true;
            best = best_threshold(document, model, far);
        }
    } catch (const Json::exception& error) {
        fail_bad_input(
            fmt::format("{}: not as an evaluation is written: {}", evaluation.string(), error.what()));
    }
    if (!knows_model) fail_bad_input(evaluation.string() + ": is of other networks than this one");
    if (!best) {
        fail_usage(fmt::format("{}: has no threshold at a FAR of {:g} that enough impostor pairs support",
                               evaluation.string(), far));
    }
    return *best;
}

}  // namespace quantface
