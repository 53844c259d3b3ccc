// An integer network's time layer by layer, against what the core could do.
#pragma once

#include <string>
#include <vector>

#include "base/progress.h"
#include "graph/integer_model.h"

namespace quantface {

struct LayerTime {
    std::string name, op;
    std::string kernel;  // of its products; empty: has none
    Shape shape;         // of its (first) output
    double seconds = 0;  // median
    int64_t macs = 0;
    int64_t bytes =
        0;  // inputs, weights as held in memory and outputs: what must be read or written at least once
    double peak = 0;  // multiply-accumulates a second of the kernel's instructions on one core; 0: not known
};

struct LayerTimes {
    std::string instruction_set;
    std::vector<LayerTime> layers;
    double seconds() const;
    int64_t macs() const;
};

// One image at a time on one thread, for about `seconds`.
LayerTimes measure_layers(const IntegerModel& model, double seconds, Progress& progress);

}  // namespace quantface
