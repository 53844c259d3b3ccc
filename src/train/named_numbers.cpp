#include "train/named_numbers.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"

namespace quantface {

std::pair<size_t, double> parse_assignment(std::string_view assignment, const char* what,
                                           std::span<const char* const> names,
                                           std::span<const std::pair<double, double>> bounds) {
    const size_t equals = assignment.find('=');
    const std::string_view name = assignment.substr(0, equals);
    for (size_t i = 0; i < names.size(); ++i) {
        if (name != names[i] || equals == std::string_view::npos) continue;
        const auto [least, greatest] = bounds[i];
        const std::string_view text = assignment.substr(equals + 1);
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || !(value >= least) ||
            !(value <= greatest)) {
            fail_usage(fmt::format("{} of {} is a number from {} to {}, not '{}'", name, what, least,
                                   greatest, text));
        }
        return {i, value};
    }
    std::string known;
    for (const char* candidate : names) known += (known.empty() ? "" : ", ") + std::string(candidate);
    fail_usage(fmt::format("'{}' sets nothing of {}; NAME=NUMBER with one of: {}", assignment, what, known));
}

std::string number_text(double number) {
    return fmt::format("{}", number);
}

}  // namespace quantface
