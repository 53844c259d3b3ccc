#include "report/figure_text.h"

#include <fmt/format.h>

#include <cmath>

namespace quantface::report {

namespace {

// The exponent of a power of ten, where it is one.
std::optional<int> power_of_ten(double number) {
    if (!(number > 0)) return std::nullopt;
    const double exponent = std::log10(number);
    const double whole = std::round(exponent);
    if (std::abs(exponent - whole) > 1e-9) return std::nullopt;
    return static_cast<int>(whole);
}

std::string with_minus(std::string text) {
    if (text.starts_with('-')) text.replace(0, 1, kMinus);
    return text;
}

}  // namespace

std::string fixed_text(std::optional<double> number, int digits) {
    return number ? with_minus(fmt::format("{:.{}f}", *number, digits)) : kDash;
}

std::string percent_text(std::optional<double> share, int digits) {
    return share ? fixed_text(*share * 100, digits) : kDash;
}

std::string interval_text(std::optional<Interval> interval, int digits) {
    if (!interval) return {};
    return fixed_text(interval->low, digits) + " \u2013 " + fixed_text(interval->high, digits);
}

std::string percent_interval_text(std::optional<Interval> interval, int digits) {
    if (!interval) return {};
    return interval_text(Interval{interval->low * 100, interval->high * 100}, digits);
}

std::string points_text(double share_difference) {
    const std::string figure = fmt::format("{:.2f}", std::abs(share_difference) * 100);
    if (figure == "0.00") return "\u00b1" + figure;
    return (share_difference < 0 ? kMinus : "+") + figure;
}

std::string count_text(std::optional<double> count) {
    if (!count) return kDash;
    std::string digits = fmt::format("{:.0f}", std::abs(*count));
    for (auto place = static_cast<int>(digits.size()) - 3; place > 0; place -= 3)
        digits.insert(static_cast<size_t>(place), ",");
    return (*count < 0 ? kMinus : "") + digits;
}

std::string megabytes_text(std::optional<double> bytes) {
    if (!bytes) return kDash;
    const double megabytes = *bytes / 1e6;
    return fixed_text(megabytes, megabytes < 10 ? 2 : megabytes < 100 ? 1 : 0);
}

std::string large_count_text(std::optional<double> number) {
    if (!number) return kDash;
    if (*number < 1e5) return count_text(number);
    const bool giga = *number >= 1e9;
    const double figure = *number / (giga ? 1e9 : 1e6);
    return fixed_text(figure, figure < 10 ? 2 : figure < 100 ? 1 : 0) + (giga ? " G" : " M");
}

Html far_text(double far) {
    const auto exponent = power_of_ten(far);
    if (!exponent) return Html(fmt::format("{:.3g}", far));
    return Html("10") + element("sup", with_minus(std::to_string(*exponent)));
}

std::string far_plain_text(double far) {
    const auto exponent = power_of_ten(far);
    return exponent ? fmt::format("1e{}", *exponent) : fmt::format("{:.3g}", far);
}

}  // namespace quantface::report
