// Figures as people read them. Where there is none: a dash.
#pragma once

#include <optional>
#include <string>

#include "report/document.h"
#include "report/html.h"

namespace quantface::report {

inline constexpr const char* kDash = "\u2013";
inline constexpr const char* kMinus = "\u2212";

std::string fixed_text(std::optional<double> number, int digits);
// A share of 1 as percent, without the sign: 0.98765 is "98.77".
std::string percent_text(std::optional<double> share, int digits = 2);
// "98.1 – 99.2", in percent; empty where there is no interval.
std::string percent_interval_text(std::optional<Interval> interval, int digits = 2);
std::string interval_text(std::optional<Interval> interval, int digits);
// Percentage points with their sign: "+0.21", "−0.05", "±0.00".
std::string points_text(double share_difference);
std::string count_text(std::optional<double> count);         // 12,345
std::string megabytes_text(std::optional<double> bytes);     // three digits that count, without the unit
std::string large_count_text(std::optional<double> number);  // 1.2 M, 220 M, 12.1 G
// 0.0001 as 10 with its exponent raised; rates that are no power of ten as a number.
Html far_text(double far);
// The same in plain text: "1e-4".
std::string far_plain_text(double far);

}  // namespace quantface::report
