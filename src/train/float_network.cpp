#include "train/float_network.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "base/error.h"
#include "graph/op_visitor.h"
#include "train/tensor_conversion.h"
#include "train/tensor_operations.h"

namespace quantface {

namespace {

// numerics/quantization.h's levels and back; the gradient passes within the range.
at::Tensor fake_quantize(const at::Tensor& x, const QuantParams& params) {
    const auto step = static_cast<double>(params.scale);
    const double low = -params.zero_point * step, high = (params.max_level() - params.zero_point) * step;
    const at::Tensor clamped = at::clamp(x, low, high);
    const at::Tensor level = at::clamp((x.detach() * (1.0 / step)).round(), -params.zero_point,
                                       params.max_level() - params.zero_point);
    return clamped + (level * step - clamped.detach());
}

}  // namespace

FloatNetwork::FloatNetwork(const Graph& graph, const FloatNetworkOptions& options)
    : graph_(graph), options_(options), weights_(graph.nodes.size()) {
    const InputSpec& spec = graph.input_spec;
    const auto place = [&](const std::vector<float>& numbers) {
        return to_torch(numbers).to(options.device);
    };
    mean_ = by_channel(place({spec.mean.begin(), spec.mean.end()}));
    std_ = by_channel(place({spec.std.begin(), spec.std.end()}));
    for (size_t index = 0; index < graph.nodes.size(); ++index) {
        const Node& node = graph.nodes[index];
        Weights& weights = weights_[index];
        const auto vector = [&](const char* what, const std::vector<float>& numbers) {
            return add_parameter(node.name + what, to_torch(numbers));
        };
        std::visit(Overloaded{
                       [&](const ConvOp& op) {
                           weights.weight = add_parameter(node.name + ".weight", to_torch(op.weight));
                           if (!op.bias.empty()) weights.bias = vector(".bias", op.bias);
                       },
                       [&](const GemmOp& op) {
                           weights.weight = add_parameter(node.name + ".weight", to_torch(op.weight));
                           if (!op.bias.empty()) weights.bias = vector(".bias", op.bias);
                       },
                       [&](const BatchNormOp& op) {
                           weights.weight = vector(".scale", op.scale);
                           weights.bias = vector(".shift", op.bias);
                           weights.mean = place(op.mean);
                           weights.variance = place(op.variance);
                       },
                       [&](const AffineOp& op) {
                           weights.weight = vector(".scale", op.scale);
                           weights.bias = vector(".shift", op.shift);
                       },
                       [&](const PReluOp& op) { weights.weight = vector(".slope", op.slope); },
                       [](const auto&) {},
                   },
                   node.op);
    }
}

at::Tensor FloatNetwork::add_parameter(const std::string& name, const at::Tensor& start) {
    const at::Tensor parameter =
        start.to(options_.device).detach().clone().set_requires_grad(options_.trainable);
    parameters_.emplace_back(name, parameter);
    return parameter;
}

at::Tensor FloatNetwork::run(const Node& node, const Weights& w, const std::vector<at::Tensor>& in) const {
    const at::Tensor& x = in[0];
    return std::visit(
        Overloaded{
            [&](const ConvOp& op) { return convolution(x, w.weight, w.bias, op.window, op.groups); },
            [&](const GemmOp&) {
                const at::Tensor rows = at::matmul(x.flatten(1), w.weight.t());
                return (w.bias.defined() ? rows + w.bias : rows).unsqueeze(2).unsqueeze(3);
            },
            [&](const BatchNormOp& op) {
                const at::Tensor spread = (w.variance + static_cast<double>(op.epsilon)).sqrt();
                return (x - by_channel(w.mean)) * by_channel(w.weight / spread) + by_channel(w.bias);
            },
            [&](const AffineOp&) { return x * by_channel(w.weight) + by_channel(w.bias); },
            [&](const PReluOp&) { return leaky(x, w.weight); },
            [&](const ReluOp&) { return at::relu(x); },
            [&](const LeakyReluOp& op) { return at::leaky_relu(x, static_cast<double>(op.slope)); },
            [&](const ClipOp& op) {
                return at::clamp(x, static_cast<double>(op.low), static_cast<double>(op.high));
            },
            [&](const SigmoidOp&) { return nonlinear_function(node.op, x); },
            [&](const HardSigmoidOp&) { return nonlinear_function(node.op, x); },
            [&](const HardSwishOp&) { return nonlinear_function(node.op, x); },
            [&](const AddOp&) { return x + in[1]; },
            [&](const SubOp&) { return x - in[1]; },
            [&](const MulOp&) { return x * in[1]; },
            [&](const FlattenOp&) { return x.contiguous().flatten(1).unsqueeze(2).unsqueeze(3); },
            [&](const GlobalAveragePoolOp&) {
                return x.mean({2, 3}, true);
            },
            [&](const AveragePoolOp& op) { return average_pool(x, op, at::ones({}, x.options())); },
            [&](const MaxPoolOp& op) { return max_pool(x, op.window); },
            [&](const ConcatOp&) { return at::cat(in, 1); },
            [&](const IdentityOp&) { return x; },
            [&](const FakeQuantOp& op) { return fake_quantize(x, op.params); },
        },
        node.op);
}

at::Tensor FloatNetwork::forward(const at::Tensor& input, const std::vector<ValueId>& keep,
                                 std::vector<at::Tensor>& kept) const {
    std::vector<at::Tensor> values(graph_.values.size());
    std::vector<int> readers_left(graph_.values.size());
    for (const Node& node : graph_.nodes) {
        for (const ValueId value : node.inputs) ++readers_left[value];
    }
    // What is asked for stays.
    for (const ValueId value : keep) ++readers_left[value];
    ++readers_left[graph_.output];
    values[graph_.input] = input.to(options_.device).contiguous(at::MemoryFormat::ChannelsLast);
    for (size_t index = 0; index < graph_.nodes.size(); ++index) {
        const Node& node = graph_.nodes[index];
        std::vector<at::Tensor> inputs;
        for (const ValueId value : node.inputs) inputs.push_back(values[value]);
        values[node.output] = run(node, weights_[index], inputs);
        for (const ValueId value : node.inputs) {
            if (--readers_left[value] == 0) values[value].reset();
        }
    }
    kept.clear();
    for (const ValueId value : keep) kept.push_back(values[value]);
    return values[graph_.output].flatten(1);
}

at::Tensor FloatNetwork::forward(const at::Tensor& input) const {
    std::vector<at::Tensor> kept;
    return forward(input, {}, kept);
}

at::Tensor FloatNetwork::normalized(const at::Tensor& pixels) const {
    return (pixels.to(options_.device).to(at::kFloat) - mean_) / std_;
}

}  // namespace quantface
