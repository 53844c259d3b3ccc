// An evaluation as tables on a terminal.
#pragma once

#include "cli/evaluation.h"

namespace quantface {

void print_evaluation(const EvaluationSetup& setup, const DataResult& data, bool flip, int threads);

}  // namespace quantface
