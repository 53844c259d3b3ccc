#include "report/csv_table.h"

#include <fmt/format.h>

#include "report/document.h"

namespace quantface {

namespace {

using namespace report;

std::string quoted(const std::string& field) {
    if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
    std::string text = "\"";
    for (const char c : field) {
        if (c == '"') text += '"';
        text += c;
    }
    return text + '"';
}

std::string number_text(std::optional<double> number) {
    return number ? fmt::format("{}", *number) : std::string();
}

// The lines of one model: what names it is in front of each.
class ModelLines {
  public:
    explicit ModelLines(const Json& model)
        : prefix_(quoted(text_at(model, "model")) + "," + quoted(text_at(model, "bits")) + "," +
                  number_text(number_at(model, "file_bytes")) + ",") {}

    void add(const std::string& benchmark, const std::string& measure, std::optional<double> value,
             std::optional<Interval> interval = std::nullopt) {
        if (!value) return;
        text_ += prefix_ + quoted(benchmark) + "," + quoted(measure) + "," + number_text(value) + ",";
        if (interval) text_ += number_text(interval->low) + "," + number_text(interval->high);
        text_ += interval ? "\r\n" : ",\r\n";
    }

    const std::string& text() const { return text_; }

  private:
    std::string prefix_, text_;
};

void add_rates(ModelLines& lines, const std::string& benchmark, const Json& result) {
    for (const Json& rate : list_at(result, "rates")) {
        const auto far = number_at(rate, "far");
        if (!far) continue;
        const std::string at = fmt::format("@{:.0e}", *far);
        const auto interval = interval_at(rate, "interval");
        lines.add(benchmark, "tar" + at, number_at(rate, "tar"), interval);
        std::optional<Interval> missed;
        if (interval) missed = Interval{1 - interval->high, 1 - interval->low};
        lines.add(benchmark, "fnmr" + at, number_at(rate, "fnmr"), missed);
        for (const char* measure : {"threshold", "reached_far", "tar_linear", "tar_nearest"})
            lines.add(benchmark, measure + at, number_at(rate, measure));
    }
}

void add_identification(ModelLines& lines, const std::string& benchmark, const Json& found) {
    for (const char* measure : {"probes", "gallery", "rank_1", "rank_5", "rank_10"})
        lines.add(benchmark, measure, number_at(found, measure));
    for (const Json& point : list_at(found, "open_set")) {
        if (const auto fpir = number_at(point, "fpir"))
            lines.add(benchmark, fmt::format("tpir@{:.0e}", *fpir), number_at(point, "tpir"));
    }
}

void add_result(ModelLines& lines, const Json& result) {
    const std::string benchmark = text_at(result, "benchmark");
    const Json& accuracy = member(result, "accuracy");
    lines.add(benchmark, "accuracy", number_at(accuracy, "mean"), interval_at(accuracy, "interval"));
    lines.add(benchmark, "accuracy_std", number_at(accuracy, "std"));
    lines.add(benchmark, "accuracy_threshold", number_at(accuracy, "threshold"));
    add_rates(lines, benchmark, result);
    lines.add(benchmark, "auc", number_at(result, "auc"), interval_at(result, "auc_interval"));
    lines.add(benchmark, "equal_error_rate", number_at(result, "equal_error_rate"),
              interval_at(result, "equal_error_rate_interval"));
    lines.add(benchmark, "d_prime", number_at(result, "d_prime"));
    add_identification(lines, benchmark, member(result, "identification"));
    lines.add(benchmark, "invalid_embeddings", number_at(result, "invalid_embeddings"));
}

void add_model(ModelLines& lines, const Json& model) {
    for (const char* measure : {"parameters", "macs", "rule_bytes"})
        lines.add("", measure, number_at(model, measure));
    lines.add("", "median_ms", number_at(member(model, "speed"), "median_ms"));
    for (const Json& result : list_at(model, "benchmarks")) add_result(lines, result);
    for (const Json& agreement : list_at(model, "agreement")) {
        for (const char* measure :
             {"mean_cosine", "std_cosine", "min_cosine", "first_percentile_cosine", "images_per_second"})
            lines.add(text_at(agreement, "data"), measure, number_at(agreement, measure));
    }
}

}  // namespace

std::string render_csv(const nlohmann::ordered_json& evaluation) {
    const Json document = checked_document(evaluation);
    std::string text = "model,bits,file_bytes,benchmark,measure,value,low,high\r\n";
    for (const Json& model : list_at(document, "models")) {
        ModelLines lines(model);
        add_model(lines, model);
        text += lines.text();
    }
    return text;
}

}  // namespace quantface
