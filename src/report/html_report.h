// The evaluation's document (docs/evaluation_json.md) as one HTML page that needs nothing but itself.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace quantface {

// A whole page, UTF-8: style, script, data and pictures lie within it, and its content security policy
// forbids the network and every script but its own. All tables are there without JavaScript; the plots are
// drawn by it, where this build has the plotting library (has_plotting_library). What the document lacks, or
// has as null or with another type, is left out or shown as a dash; bytes that are no UTF-8 become U+FFFD.
// Throws Error(kUsage) where it is no "quantface evaluation 1" with lists of models and benchmarks.
std::string render_html_report(const nlohmann::ordered_json& evaluation);

// Whether d3 and Observable Plot lay in the user's cache when this program was built (scripts/setup puts them
// there). Without them a page says so where the plots would be.
bool has_plotting_library();

}  // namespace quantface
