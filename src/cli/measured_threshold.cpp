#include "cli/measured_threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/text_table.h"

namespace quantface {

namespace {

using Json = nlohmann::json;

// Pictures of the worst pairs are in the document, so it may be large.
constexpr uint64_t kMostBytes = uint64_t{512} << 20;

// An evaluation as someone may have written it: whatever is not as docs/evaluation_json.md says is a
// kBadInput error naming the file.
class EvaluationDocument {
  public:
    explicit EvaluationDocument(const std::filesystem::path& path) : name_(path.string()) {
        const std::vector<uint8_t> bytes = read_file(path, kMostBytes);
        document_ = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
        if (!document_.is_object() || !document_.contains("format") ||
            document_["format"] != "quantface evaluation 1") {
            fail_bad_input(name_ +
                           ": is no evaluation; `quantface eval MODEL --bench ... --save-json FILE` " +
                           "writes one");
        }
    }

    const std::string& name() const { return name_; }
    const Json& root() const { return document_; }

    [[noreturn]] void fail(const std::string& what) const {
        fail_bad_input(name_ + ": is a damaged evaluation: " + what);
    }

    const Json& field(const Json& object, const char* key, Json::value_t type) const {
        if (!object.is_object()) fail(fmt::format("'{}' is looked for in what is no object", key));
        const auto found = object.find(key);
        const bool right = found != object.end() &&
                           (type == Json::value_t::number_float ? found->is_number() : found->type() == type);
        if (!right) fail(fmt::format("'{}' is missing or of the wrong kind", key));
        return *found;
    }
    const Json& list(const Json& object, const char* key) const {
        return field(object, key, Json::value_t::array);
    }
    std::string text(const Json& object, const char* key) const {
        return field(object, key, Json::value_t::string).get<std::string>();
    }
    bool flag(const Json& object, const char* key) const {
        return field(object, key, Json::value_t::boolean).get<bool>();
    }
    double number(const Json& object, const char* key, double low, double high) const {
        const double value = field(object, key, Json::value_t::number_float).get<double>();
        if (!(value >= low && value <= high)) fail(fmt::format("'{}' is out of range", key));
        return value;
    }

  private:
    std::string name_;
    Json document_;
};

// Pairs of templates are no comparisons of single photographs: they count for nothing here.
std::map<std::string, int64_t> impostor_pairs_of(const EvaluationDocument& document) {
    std::map<std::string, int64_t> pairs;
    for (const Json& benchmark : document.list(document.root(), "benchmarks")) {
        const bool counted = benchmark.contains("impostor_pairs") && !benchmark["impostor_pairs"].is_null() &&
                             !(benchmark.contains("kind") && benchmark["kind"] == "ijb");
        pairs[document.text(benchmark, "name")] =
            counted ? static_cast<int64_t>(document.number(benchmark, "impostor_pairs", 0, 1e18)) : 0;
    }
    return pairs;
}

// What the benchmarks of one model say about one rate.
struct Reading {
    std::optional<MeasuredThreshold> best;
    bool measured = false;       // at this rate, with too few pairs or with enough
    int64_t most_pairs = 0;      // of any benchmark
    std::set<double> supported;  // rates that can be had
};

void read_rates(const EvaluationDocument& document, const Json& benchmark, int64_t pairs, double far,
                Reading& reading) {
    reading.most_pairs = std::max(reading.most_pairs, pairs);
    for (const Json& rate : document.list(benchmark, "rates")) {
        const double asked = document.number(rate, "far", 0, 1);
        const bool same = std::abs(asked - far) <= 1e-6 * far;
        reading.measured |= same;
        // A rate below one pair in all of them says nothing, whatever the document claims.
        if (!document.flag(rate, "supported") || static_cast<double>(pairs) * asked < 1 - 1e-9) continue;
        reading.supported.insert(asked);
        if (!same || (reading.best && reading.best->impostor_pairs >= pairs)) continue;
        MeasuredThreshold threshold;
        threshold.cosine = document.number(rate, "threshold", -1.001, 1.001);
        threshold.far = asked;
        threshold.reached_far = document.number(rate, "reached_far", 0, 1);
        threshold.benchmark = document.text(benchmark, "benchmark");
        threshold.impostor_pairs = pairs;
        reading.best = threshold;
    }
}

std::string joined(const std::set<double>& rates) {
    std::string text;
    for (const double rate : rates) text += fmt::format("{}{:g}", text.empty() ? "" : ", ", rate);
    return text.empty() ? "none" : text;
}

}  // namespace

MeasuredThreshold read_measured_threshold(const std::filesystem::path& evaluation,
                                          const std::string& model_sha256, double far) {
    if (!(far >= 1e-12 && far < 1)) {
        fail_usage(fmt::format("a false accept rate of {:g}: must be at least 1e-12 and below 1", far));
    }
    const EvaluationDocument document(evaluation);
    const std::map<std::string, int64_t> pairs = impostor_pairs_of(document);
    Reading reading;
    bool known = false;
    for (const Json& model : document.list(document.root(), "models")) {
        if (document.text(model, "sha256") != model_sha256) continue;
        known = true;
        for (const Json& benchmark : document.list(model, "benchmarks")) {
            const auto found = pairs.find(document.text(benchmark, "benchmark"));
            if (found == pairs.end()) document.fail("a benchmark of a model is not among the benchmarks");
            read_rates(document, benchmark, found->second, far, reading);
        }
    }
    if (!known) {
        fail_bad_input(document.name() + ": was measured with other networks, not with this one (sha256 " +
                       model_sha256.substr(0, 16) + "); evaluate it first");
    }
    if (!reading.best) {
        fail_usage(fmt::format("{}: no threshold at a false accept rate of {:g}: {}; rates that it has: {}",
                               document.name(), far,
                               reading.measured ? fmt::format("that takes {} impostor pairs, and no "
                                                              "benchmark has more than {}",
                                                              format_count(std::llround(std::ceil(1 / far))),
                                                              format_count(reading.most_pairs))
                                                : "it was not measured there",
                               joined(reading.supported)));
    }
    const Json& settings = document.field(document.root(), "settings", Json::value_t::object);
    reading.best->flip = document.flag(settings, "flip");
    return *reading.best;
}

}  // namespace quantface
