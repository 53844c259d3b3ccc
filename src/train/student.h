// The student: the integer network as a differentiable function. Its forward pass works on levels, exactly as the
// integer engine does (accumulators of whole numbers, one fused epilogue for each operation), so what is trained is what
// runs. What it learns: weights, their scales by channel, biases, PReLU slopes, scale and shift of batch norms that stay,
// and the step and zero point of each value's levels.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "quantize/fusion.h"
#include "quantize/integer_lowering.h"
#include "train/parameter_kind.h"

namespace quantface {

struct StudentParameter {
    std::string name;  // unique: "conv_1.weight"
    ParameterKind kind;
    at::Tensor tensor;  // float32, requires gradients
};

struct StudentOptions {
    bool bfloat16 = false;  // levels and convolutions in bfloat16: levels are exact in it, accumulators are rounded
    at::Device device = at::kCPU;
};

class Student {
  public:
    // graph: after the passes that the fusion plan was made for; start: every number to begin with, for example from
    // calibration. All three are copied.
    Student(const Graph& graph, const std::vector<FusedNode>& plan, const QuantizedGraph& start,
            const StudentOptions& options);
    Student(const Student&) = delete;
    Student& operator=(const Student&) = delete;

    // pixels: (N, 3, H, W), uint8 or float32, 0..255, in the network's colour order. Returns (N, embedding), float32.
    // kept gets the real numbers of each value of `keep` (values that the plan quantizes), (N, C, H, W) float32.
    at::Tensor forward(const at::Tensor& pixels, const std::vector<ValueId>& keep, std::vector<at::Tensor>& kept) const;
    at::Tensor forward(const at::Tensor& pixels) const;

    std::vector<StudentParameter> parameters() const { return parameters_; }

    // The present numbers: lower_to_integer(graph, plan, quantized) gives the integer network.
    void write_back(Graph& graph, QuantizedGraph& quantized) const;

    const Graph& graph() const { return graph_; }
    const std::vector<FusedNode>& plan() const { return plan_; }

  private:
    struct Conv {
        at::Tensor lowest, highest;            // (C): bounds of the centred levels
        at::Tensor start_scale;                // (C)
        at::Tensor weight, log_scale, offset;  // parameters; offset: of the bias
        at::Tensor start_bias, bias_unit;
        at::Tensor scale() const;
        at::Tensor bias() const;
        at::Tensor levels() const;  // whole numbers, gradients straight through
    };
    struct Affine {
        at::Tensor start_scale, start_shift, shift_unit;
        at::Tensor gain, offset;  // parameters
        at::Tensor scale() const;
        at::Tensor shift() const;
    };
    struct Range {
        int bits = 8;
        at::Tensor start_step;
        at::Tensor log_step, zero_point;  // parameters
        at::Tensor step() const;
    };
    struct Pass;  // one forward pass

    at::Tensor place(const at::Tensor& tensor) const { return tensor.to(options_.device); }
    at::Tensor constant(int64_t count, double number) const;
    void add_parameter(const std::string& name, ParameterKind kind, at::Tensor& member, const at::Tensor& start);
    void add_conv(const FusedNode& fused, const QuantizedConv& start, double output_step);
    void add_affine(int node, double output_step);
    void add_range(const FusedNode& fused, ValueId value, const QuantParams& start);
    const Range& range_of(ValueId value) const { return ranges_.at(shares_range_.at(value)); }

    Graph graph_;
    std::vector<FusedNode> plan_;
    QuantizedGraph start_;
    StudentOptions options_;
    at::Tensor mean_, whole_mean_;           // (1, 3, 1, 1)
    at::Tensor inverse_std_;                 // (3)
    std::map<int, Conv> convs_;              // by node
    std::map<int, at::Tensor> slopes_;       // by activation node
    std::map<int, Affine> affines_;          // by node
    std::map<ValueId, Range> ranges_;        // by the value that owns it
    std::map<ValueId, ValueId> shares_range_;  // value -> owner: a maximum has the levels of what it reads
    std::vector<StudentParameter> parameters_;
};

}  // namespace quantface
