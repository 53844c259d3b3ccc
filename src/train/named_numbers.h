// Structs of settings whose numbers can be read and set by name, as `--set NAME=NUMBER` does.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantface {

// One number of a Settings struct.
template <typename Settings>
struct NamedNumber {
    const char* name;
    std::function<double(const Settings&)> get;
    std::function<void(Settings&, double)> set;
    double least, greatest;
};

template <typename Settings, typename Number>
NamedNumber<Settings> named_number(const char* name, Number Settings::*member, double least,
                                   double greatest) {
    return {name, [member](const Settings& settings) { return static_cast<double>(settings.*member); },
            [member](Settings& settings, double value) { settings.*member = static_cast<Number>(value); },
            least, greatest};
}

// The place in `names` and the number that "NAME=NUMBER" gives. bounds: least and greatest by name. `what`
// the numbers are of, for messages: "a recipe". Throws Error(kUsage) for unknown names and numbers out of
// range.
std::pair<size_t, double> parse_assignment(std::string_view assignment, const char* what,
                                           std::span<const char* const> names,
                                           std::span<const std::pair<double, double>> bounds);

// As %g prints it, but exact.
std::string number_text(double number);

template <typename Settings>
void set_named_number(const std::vector<NamedNumber<Settings>>& numbers, const char* what, Settings& settings,
                      std::string_view assignment) {
    std::vector<const char*> names;
    std::vector<std::pair<double, double>> bounds;
    for (const auto& number : numbers) {
        names.push_back(number.name);
        bounds.emplace_back(number.least, number.greatest);
    }
    const auto [index, value] = parse_assignment(assignment, what, names, bounds);
    numbers[index].set(settings, value);
}

// Names and present values, for help, records and checkpoints.
template <typename Settings>
std::vector<std::pair<std::string, std::string>> named_values(
    const std::vector<NamedNumber<Settings>>& numbers, const Settings& settings) {
    std::vector<std::pair<std::string, std::string>> values;
    for (const auto& number : numbers) values.emplace_back(number.name, number_text(number.get(settings)));
    return values;
}

}  // namespace quantface
