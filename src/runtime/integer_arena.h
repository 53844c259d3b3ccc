// Memory reuse: values that are never alive at once share bytes of one arena.
#pragma once

#include <cstddef>
#include <vector>

#include "graph/integer_model.h"

namespace quantface {

struct ArenaLayout {
    // By value: its first byte in the arena, a multiple of 64. -1 for the model's input and output, which the
    // caller holds.
    std::vector<int64_t> offsets;
    size_t bytes = 0;
};

// A value is alive from the node that writes it to the last one that reads it (residuals count), both
// included: no operation writes over what it reads.
ArenaLayout plan_arena(const IntegerModel& model);

}  // namespace quantface
