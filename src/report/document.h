// Reading an evaluation's document that may lack anything: what is absent, null or of another type is none.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace quantface::report {

using Json = nlohmann::ordered_json;

struct Interval {
    double low = 0, high = 0;
};

// A copy in which all text is UTF-8 and all numbers are finite or null. Throws Error(kUsage) where the
// document is no "quantface evaluation 1" or its `models` or `benchmarks` is no list of objects.
Json checked_document(const Json& evaluation);

// A JSON null where there is no such member.
const Json& member(const Json& object, const char* key);
// An empty list where there is none.
const Json& list_at(const Json& object, const char* key);
std::optional<double> number_at(const Json& object, const char* key);
std::optional<Interval> interval_at(const Json& object, const char* key);
// Empty where there is none.
std::string text_at(const Json& object, const char* key);
bool flag_at(const Json& object, const char* key);

// The number itself, where it is one.
std::optional<double> as_number(const Json& value);

// What the model measured on the benchmark of this name; a JSON null where nothing.
const Json& result_of(const Json& model, const std::string& benchmark);

// All FARs that any model's rates on this benchmark ask for, ascending.
std::vector<double> asked_fars(const Json& document, const std::string& benchmark);
// The rate at this FAR, or a JSON null.
const Json& rate_at(const Json& result, double far);

}  // namespace quantface::report
