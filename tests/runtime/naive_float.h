// The float graph's operations written down once more, in double precision and as plainly as possible: what
// the float executor is held against.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace quantface {

// One image's value, NCHW.
struct NaiveValue {
    Shape shape;
    std::vector<double> numbers;

    double at(int channel, int y, int x) const {
        return numbers[static_cast<size_t>((static_cast<int64_t>(channel) * shape.height + y) * shape.width +
                                           x)];
    }
    double& at(int channel, int y, int x) {
        return numbers[static_cast<size_t>((static_cast<int64_t>(channel) * shape.height + y) * shape.width +
                                           x)];
    }
    // Zero where the pixel lies in the padding.
    double padded(int channel, int y, int x) const { return inside(y, x) ? at(channel, y, x) : 0.0; }
    bool inside(int y, int x) const { return y >= 0 && y < shape.height && x >= 0 && x < shape.width; }
};

NaiveValue naive_run(const Op& op, const std::vector<const NaiveValue*>& inputs, const Shape& output);

// Every value of a graph, by its id.
std::vector<NaiveValue> naive_run(const Graph& graph, const std::vector<float>& input);

}  // namespace quantface
