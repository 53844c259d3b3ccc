// The student: the integer network as a differentiable function. Its forward pass works on levels, exactly as
// the integer engine does (accumulators of whole numbers, one fused epilogue for each operation), so what is
// trained is what runs. What it learns: weights, their scales by channel, biases, PReLU slopes, scale and
// shift of batch norms that stay, and the step and zero point of each value's levels.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "graph/graph.h"
#include "quantize/fusion.h"
#include "quantize/integer_lowering.h"
#include "train/parameter_kind.h"
#include "train/student_numbers.h"

namespace quantface {

struct StudentParameter {
    std::string name;  // unique: "conv_1.weight"
    ParameterKind kind;
    at::Tensor tensor;       // float32, requires gradients
    double rate_factor = 1;  // on the learning rate of its kind
};

// How weights' and values' levels are found while training.
enum class QuantizerKind {
    kLearned,   // steps, scales and zero points are parameters (LSQ+)
    kObserved,  // as Boutros et al. (ICPR 2022) have it: a channel's weights reach from their present least
                // to their greatest number; a value from the least to the greatest number seen so far
};

struct StudentOptions {
    QuantizerKind quantizer = QuantizerKind::kLearned;
    bool bfloat16 =
        false;  // levels and convolutions in bfloat16: levels are exact in it, accumulators are rounded
    at::Device device = at::kCPU;
};

// Everything a forward pass reads.
struct StudentParts {
    Graph graph;
    std::vector<FusedNode> plan;
    StudentOptions options;
    at::Tensor mean, whole_mean;  // of the input, (1, 3, 1, 1); the nearest whole numbers to it
    at::Tensor inverse_std;       // (3)
    StudentNumbers numbers;
    bool observing = false;

    at::Tensor constant(int64_t count, double number) const;
};

class Student {
  public:
    // graph: after the passes that the fusion plan was made for; start: every number to begin with, for
    // example from calibration. All three are copied.
    Student(const Graph& graph, const std::vector<FusedNode>& plan, const QuantizedGraph& start,
            const StudentOptions& options);
    Student(const Student&) = delete;
    Student& operator=(const Student&) = delete;

    // pixels: (N, 3, H, W), uint8 or float32, 0..255, in the network's colour order. Returns (N, embedding),
    // float32. cut: no gradient passes back over the values of `keep`. kept gets the real numbers of each
    // value of `keep` (values that the plan quantizes), (N, C, H, W) float32.
    at::Tensor forward(const at::Tensor& pixels, const std::vector<ValueId>& keep,
                       std::vector<at::Tensor>& kept, bool cut = false) const;
    at::Tensor forward(const at::Tensor& pixels) const;

    std::vector<StudentParameter> parameters() const { return parameters_; }

    // Observed quantizers: whether forward passes widen the values' ranges (at first they do not).
    void set_observing(bool observing) { parts_.observing = observing; }
    // All values' ranges in one tensor, (2, ranges): the greatest numbers, and the least ones negated.
    at::Tensor observed_ranges() const;
    void set_observed_ranges(const at::Tensor& ranges);

    // The present numbers: lower_to_integer(graph, plan, quantized) gives the integer network.
    void write_back(Graph& graph, QuantizedGraph& quantized) const;

  private:
    at::Tensor place(const at::Tensor& tensor) const { return tensor.to(parts_.options.device); }
    bool observes() const { return parts_.options.quantizer == QuantizerKind::kObserved; }
    void add_parameter(const std::string& name, ParameterKind kind, at::Tensor& member,
                       const at::Tensor& start, double rate_factor = 1);
    void add_conv(const FusedNode& fused, const QuantizedConv& start, double output_step);
    void add_affine(int node, double output_step);
    void add_range(const FusedNode& fused, ValueId value, const QuantParams& start);

    StudentParts parts_;
    QuantizedGraph start_;
    std::vector<StudentParameter> parameters_;
};

}  // namespace quantface
