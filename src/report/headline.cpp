#include "report/headline.h"

#include <algorithm>

#include "report/figure_text.h"

namespace quantface::report {

namespace {

constexpr double kPaperFar = 1e-4;  // of the IJB columns of the paper's tables

bool has_accuracy(const Json& document, const std::string& benchmark) {
    const Json& models = list_at(document, "models");
    return std::any_of(models.begin(), models.end(), [&](const Json& model) {
        return number_at(member(result_of(model, benchmark), "accuracy"), "mean").has_value();
    });
}

bool has_rate(const Json& document, const std::string& benchmark, double far) {
    const Json& models = list_at(document, "models");
    return std::any_of(models.begin(), models.end(), [&](const Json& model) {
        return number_at(rate_at(result_of(model, benchmark), far), "tar").has_value();
    });
}

Headline headline_of(const Json& document, const Json& benchmark) {
    const std::string name = text_at(benchmark, "name");
    const bool ijb = text_at(benchmark, "kind") == "ijb";
    if (!ijb && has_accuracy(document, name)) return {name, std::nullopt};
    if (has_rate(document, name, kPaperFar)) return {name, kPaperFar};
    for (const double far : asked_fars(document, name)) {
        if (has_rate(document, name, far)) return {name, far};
    }
    return {name, has_accuracy(document, name) ? std::nullopt : std::optional(kPaperFar)};
}

}  // namespace

std::string Headline::plain_text() const {
    return far ? "TAR at FAR " + far_plain_text(*far) : "accuracy";
}

Html Headline::text() const {
    return far ? Html("TAR at FAR ") + far_text(*far) : Html("accuracy");
}

std::vector<Headline> headlines_of(const Json& document) {
    std::vector<Headline> headlines;
    for (const Json& benchmark : list_at(document, "benchmarks"))
        headlines.push_back(headline_of(document, benchmark));
    return headlines;
}

std::optional<HeadlineValue> headline_value(const Json& model, const Headline& headline) {
    const Json& result = result_of(model, headline.benchmark);
    const Json& measure = headline.far ? rate_at(result, *headline.far) : member(result, "accuracy");
    const auto value = number_at(measure, headline.far ? "tar" : "mean");
    if (!value) return std::nullopt;
    return HeadlineValue{*value, headline.far ? std::nullopt : number_at(measure, "std"),
                         interval_at(measure, "interval")};
}

const Json& teacher_of(const Json& document) {
    static const Json none;
    const std::string name = text_at(document, "teacher");
    if (name.empty()) return none;
    for (const Json& model : list_at(document, "models")) {
        if (text_at(model, "model") == name) return model;
    }
    return none;
}

bool is_teacher(const Json& document, const Json& model) {
    const Json& teacher = teacher_of(document);
    return &teacher == &model;
}

}  // namespace quantface::report
