// What a model handle stands for.
#pragma once

#include <memory>
#include <string>

#include "runtime/embedder.h"

namespace quantface {

// A network ready to run; the model that it was made of is gone. Immutable.
struct Network {
    explicit Network(const IntegerModel& model);

    std::string name;
    int min_weight_bits = 0, max_weight_bits = 0;  // of its convolutions
    const char* instruction_set = "";              // a literal
    std::unique_ptr<const Embedder> embedder;
};

}  // namespace quantface
