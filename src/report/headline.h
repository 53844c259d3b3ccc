// The one figure by which a benchmark is summed up in the main table, the verdict and the scatter plot.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/document.h"
#include "report/html.h"

namespace quantface::report {

// 10-fold accuracy where any model has it (LFW and its kin); else the share of genuine pairs accepted: at FAR
// 1e-4 for IJB as the paper has it, or the least FAR that the pairs support.
struct Headline {
    std::string benchmark;
    std::optional<double> far;  // none: accuracy

    std::string plain_text() const;  // "accuracy", "TAR at FAR 1e-4"
    Html text() const;
};

struct HeadlineValue {
    double value = 0;
    std::optional<double> deviation;  // over the folds
    std::optional<Interval> interval;
};

std::vector<Headline> headlines_of(const Json& document);
std::optional<HeadlineValue> headline_value(const Json& model, const Headline& headline);

// The model that the document calls the teacher, or a JSON null.
const Json& teacher_of(const Json& document);
bool is_teacher(const Json& document, const Json& model);

}  // namespace quantface::report
