// What a model handle stands for.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "graph/input_spec.h"
#include "runtime/integer_executor.h"

namespace quantface {

// A network ready to run; the model that it was made of is gone. Immutable.
struct Network {
    explicit Network(const IntegerModel& model);

    std::string name;
    InputSpec input_spec;
    int embedding_size = 0;
    int min_weight_bits = 0, max_weight_bits = 0;  // of its convolutions
    IntegerExecutor executor;
};

}  // namespace quantface
