// A score as tables and as a JSON document.
#pragma once

#include "cli/json_output.h"
#include "cli/synth_score.h"

namespace quantface {

Json score_json(const Score& score);
void print_score(const Score& score);

}  // namespace quantface
