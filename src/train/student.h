// The student: the integer network as a differentiable function. Its forward pass works on levels, exactly as
// the integer engine does (accumulators of whole numbers, one fused epilogue for each operation), so what is
// trained is what runs. What it learns: weights, their scales by channel, biases, PReLU slopes, scale and
// shift of batch norms that stay, and the step and zero point of each value's levels.
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
    void set_observing(bool observing) { observing_ = observing; }
    // All values' ranges in one tensor, (2, ranges): the greatest numbers, and the least ones negated.
    at::Tensor observed_ranges() const;
    void set_observed_ranges(const at::Tensor& ranges);

    // The present numbers: lower_to_integer(graph, plan, quantized) gives the integer network.
    void write_back(Graph& graph, QuantizedGraph& quantized) const;

  private:
    // Of a convolution's weights, one entry for each output channel. Observed quantizers find it anew each
    // time.
    struct WeightLevelGrid {
        at::Tensor log_scale;        // relative to the starting scale
        at::Tensor lowest, highest;  // bounds of the centred levels
    };
    struct Conv {
        int bits = 8;
        bool observed = false;
        at::Tensor start_scale;                // (C)
        at::Tensor weight, log_scale, offset;  // parameters; offset: of the bias
        at::Tensor lowest, highest;            // learned quantizers: of the grid
        at::Tensor start_bias, bias_unit;
        WeightLevelGrid grid() const;
        at::Tensor bias() const;
        // Whole numbers, gradients straight through.
        at::Tensor levels(const WeightLevelGrid& grid) const;
    };
    struct Affine {
        at::Tensor start_scale, start_shift, shift_unit;
        at::Tensor gain, offset;  // parameters
        at::Tensor scale() const;
        at::Tensor shift() const;
    };
    struct Range {
        int bits = 8;
        bool observed = false;
        at::Tensor start_step;
        at::Tensor log_step, learned_zero_point;  // parameters of learned quantizers
        at::Tensor low, high;                     // of observed ones
        double largest() const { return (1 << bits) - 1; }
        at::Tensor step() const;
        at::Tensor zero_point() const;
        void widen(const at::Tensor& numbers) const;
    };
    struct Pass;  // one forward pass

    at::Tensor place(const at::Tensor& tensor) const { return tensor.to(options_.device); }
    at::Tensor constant(int64_t count, double number) const;
    bool observes() const { return options_.quantizer == QuantizerKind::kObserved; }
    void add_parameter(const std::string& name, ParameterKind kind, at::Tensor& member,
                       const at::Tensor& start, double rate_factor = 1);
    void add_conv(const FusedNode& fused, const QuantizedConv& start, double output_step);
    void add_affine(int node, double output_step);
    void add_range(const FusedNode& fused, ValueId value, const QuantParams& start);
    const Range& range_of(ValueId value) const { return ranges_.at(shares_range_.at(value)); }

    Graph graph_;
    std::vector<FusedNode> plan_;
    QuantizedGraph start_;
    StudentOptions options_;
    at::Tensor mean_, whole_mean_;             // (1, 3, 1, 1)
    at::Tensor inverse_std_;                   // (3)
    std::map<int, Conv> convs_;                // by node
    std::map<int, at::Tensor> slopes_;         // by activation node
    std::map<int, Affine> affines_;            // by node
    std::map<ValueId, Range> ranges_;          // by the value that owns it
    std::map<ValueId, ValueId> shares_range_;  // value -> owner: a maximum has the levels of what it reads
    std::vector<StudentParameter> parameters_;
    bool observing_ = false;
};

}  // namespace quantface
