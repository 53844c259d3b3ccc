#include "report/document.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace quantface::report {

namespace {

constexpr const char* kFormat = "quantface evaluation 1";

const Json& nothing() {
    static const Json null;
    return null;
}

void check_objects(const Json& document, const char* key) {
    const Json& list = member(document, key);
    if (!list.is_array()) fail_usage(std::string("no evaluation: `") + key + "` is no list");
    for (const Json& entry : list) {
        if (!entry.is_object())
            fail_usage(std::string("no evaluation: `") + key + "` holds something that is no object");
    }
}

bool same_far(double a, double b) {
    return a == b || std::abs(a - b) < 1e-6 * std::max(a, b);
}

}  // namespace

Json checked_document(const Json& evaluation) {
    if (text_at(evaluation, "format") != kFormat)
        fail_usage(std::string("no evaluation: its `format` is not \"") + kFormat + "\"");
    check_objects(evaluation, "models");
    check_objects(evaluation, "benchmarks");
    // Writing replaces what is no UTF-8 and makes null of what is no finite number.
    return Json::parse(evaluation.dump(-1, ' ', false, Json::error_handler_t::replace));
}

const Json& member(const Json& object, const char* key) {
    if (!object.is_object()) return nothing();
    const auto found = object.find(key);
    return found == object.end() ? nothing() : *found;
}

const Json& list_at(const Json& object, const char* key) {
    static const Json empty = Json::array();
    const Json& value = member(object, key);
    return value.is_array() ? value : empty;
}

std::optional<double> as_number(const Json& value) {
    if (!value.is_number()) return std::nullopt;
    const double number = value.get<double>();
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<double> number_at(const Json& object, const char* key) {
    return as_number(member(object, key));
}

std::optional<Interval> interval_at(const Json& object, const char* key) {
    const Json& value = member(object, key);
    if (!value.is_array() || value.size() != 2) return std::nullopt;
    const auto low = as_number(value[0]), high = as_number(value[1]);
    if (!low || !high) return std::nullopt;
    return Interval{*low, *high};
}

std::string text_at(const Json& object, const char* key) {
    const Json& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

bool flag_at(const Json& object, const char* key) {
    const Json& value = member(object, key);
    return value.is_boolean() && value.get<bool>();
}

const Json& result_of(const Json& model, const std::string& benchmark) {
    for (const Json& result : list_at(model, "benchmarks")) {
        if (text_at(result, "benchmark") == benchmark) return result;
    }
    return nothing();
}

std::vector<double> asked_fars(const Json& document, const std::string& benchmark) {
    std::vector<double> fars;
    for (const Json& model : list_at(document, "models")) {
        for (const Json& rate : list_at(result_of(model, benchmark), "rates")) {
            const auto far = number_at(rate, "far");
            if (far && *far > 0) fars.push_back(*far);
        }
    }
    std::sort(fars.begin(), fars.end());
    fars.erase(std::unique(fars.begin(), fars.end(), same_far), fars.end());
    return fars;
}

const Json& rate_at(const Json& result, double far) {
    for (const Json& rate : list_at(result, "rates")) {
        const auto its_far = number_at(rate, "far");
        if (its_far && same_far(*its_far, far)) return rate;
    }
    return nothing();
}

}  // namespace quantface::report
