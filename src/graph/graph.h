// A full-precision face network: nodes in topological order over numbered values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/input_spec.h"
#include "graph/ops.h"

namespace quantface {

using ValueId = int32_t;
constexpr ValueId kNoValue = -1;

// One image's extent; the batch is implicit.
struct Shape {
    int channels = 0, height = 1, width = 1;
    bool operator==(const Shape&) const = default;
    int64_t plane() const { return int64_t{height} * width; }
    int64_t size() const { return channels * plane(); }
};

std::string to_string(const Shape& shape);  // "64x56x56"

struct Value {
    std::string name;
    Shape shape;
};

struct Node {
    std::string name;  // unique within the graph
    Op op;
    std::vector<ValueId> inputs;
    ValueId output = kNoValue;
};

// One input (3 channels) and one output, the embedding, of shape (dimension, 1, 1).
struct Graph {
    std::string name;
    InputSpec input_spec;
    std::vector<Value> values;
    std::vector<Node> nodes;
    ValueId input = kNoValue;
    ValueId output = kNoValue;

    ValueId add_value(std::string value_name, Shape shape);
    int embedding_size() const { return values[output].shape.channels; }
    // The node that writes the value, or -1 for the graph's input.
    int producer_of(ValueId value) const;
    // Indices of the nodes that read the value.
    std::vector<int> consumers_of(ValueId value) const;
};

// Output shape of an operation. Throws Error(kBadInput) that names the node where attributes and inputs do
// not fit (weight shapes, vector lengths, windows larger than the padded image, sizes beyond 2^31, non-finite
// constants).
Shape infer_shape(const Node& node, const std::vector<Shape>& input_shapes);

// Recomputes every value's shape in order and checks the whole graph: topological order, one writer for each
// value, shapes and constants, an output of shape (n, 1, 1) and an input of 3 channels. Throws
// Error(kBadInput).
void validate(Graph& graph);

// Learned numbers (weights, biases, slopes, batch-norm vectors) and multiply-accumulates of Conv and Gemm per
// image.
int64_t parameter_count(const Graph& graph);
int64_t parameter_count(const Node& node);
int64_t multiply_accumulates(const Graph& graph, const Node& node);
int64_t multiply_accumulates(const Graph& graph);

}  // namespace quantface
