// The evaluation's document (docs/evaluation_json.md) as a table for spreadsheets and scripts.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace quantface {

// RFC 4180, UTF-8, one header line: model,bits,file_bytes,benchmark,measure,value,low,high.
// One line a model, benchmark and measure; what is null has no line, `low` and `high` are empty where there
// is no interval, and `benchmark` is empty for what belongs to the model alone (parameters, macs, rule_bytes,
// median_ms). A rate's measure names its FAR: tar@1e-04, fnmr@1e-04, threshold@1e-04. Numbers are the
// shortest that read back as the same double. Throws Error(kUsage) as render_html_report does.
std::string render_csv(const nlohmann::ordered_json& evaluation);

}  // namespace quantface
