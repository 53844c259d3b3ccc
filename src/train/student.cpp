#include "train/student.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "numerics/quantization.h"
#include "train/student_pass.h"
#include "train/tensor_conversion.h"
#include "train/tensor_operations.h"

namespace quantface {

namespace {

// What was rounded elsewhere than to the nearest starts this near to the border of its level.
constexpr float kFarthestFromLevel = 0.45f;

// The recipe's learning rate of weights is that of layers with so many bits; it halves with each bit more.
constexpr int kBitsOfRates = 4;

// A convolution's weights, for pixels as they come.
at::Tensor weights_less_std(const Graph& graph, const Node& node) {
    const auto& conv = std::get<ConvOp>(node.op);
    at::Tensor weight = to_torch(conv.weight);
    if (node.inputs[0] == graph.input) {
        const std::vector<float> std(graph.input_spec.std.begin(), graph.input_spec.std.end());
        QF_CHECK(conv.groups == 1);
        weight = weight / to_torch(std).reshape({1, 3, 1, 1});
    }
    return weight;
}

// The weights in units of their starting scale, near what they round to.
at::Tensor starting_weights(const Graph& graph, const Node& node, const QuantizedConv& start) {
    const at::Tensor weight = weights_less_std(graph, node);
    const std::vector<int32_t> centred = centred_levels(start);
    const std::vector<float> numbers(centred.begin(), centred.end());
    const at::Tensor level = to_torch(numbers).reshape(weight.sizes());
    const at::Tensor wanted = weight / by_output(to_torch(start.scale));
    return level + at::clamp(wanted - level, -kFarthestFromLevel, kFarthestFromLevel);
}

}  // namespace

Student::Student(const Graph& graph, const std::vector<FusedNode>& plan, const QuantizedGraph& start,
                 const StudentOptions& options)
    : start_(start) {
    parts_.graph = graph;
    parts_.plan = plan;
    parts_.options = options;
    const InputSpec& spec = graph.input_spec;
    parts_.mean =
        place(to_torch(std::vector<float>(spec.mean.begin(), spec.mean.end()))).reshape({1, 3, 1, 1});
    parts_.whole_mean = at::clamp(parts_.mean.round(), 0, 255);
    parts_.inverse_std = 1 / place(to_torch(std::vector<float>(spec.std.begin(), spec.std.end())));
    for (const FusedNode& fused : plan) {
        const Node& node = graph.nodes[fused.node];
        const ValueId first = fused.outputs[0].value;
        const auto output_step = [&](ValueId value) {
            return value == graph.output ? 0.0 : static_cast<double>(start.values[value].scale);
        };
        if (const auto found = start.convs.find(fused.node); found != start.convs.end()) {
            add_conv(fused, found->second, output_step(first));
        }
        if (std::holds_alternative<AffineOp>(node.op)) add_affine(fused.node, output_step(first));
        if (fused.activation_node >= 0) {
            if (const auto* prelu = std::get_if<PReluOp>(&graph.nodes[fused.activation_node].op)) {
                add_parameter(graph.nodes[fused.activation_node].name + ".slope", ParameterKind::kSlope,
                              parts_.numbers.slopes[fused.activation_node], to_torch(prelu->slope));
            }
        }
        for (const FusedOutput& output : fused.outputs) {
            if (output.value == graph.output) continue;
            if (std::holds_alternative<MaxPoolOp>(node.op)) {
                parts_.numbers.shares_range[output.value] = parts_.numbers.shares_range.at(node.inputs[0]);
                continue;
            }
            add_range(fused, output.value, start.values[output.value]);
            if (output.affine_node >= 0) add_affine(output.affine_node, output_step(output.value));
        }
    }
}

at::Tensor StudentParts::constant(int64_t count, double number) const {
    return at::full({count}, number, at::TensorOptions(at::kFloat).device(options.device));
}

void Student::add_parameter(const std::string& name, ParameterKind kind, at::Tensor& member,
                            const at::Tensor& start, double rate_factor) {
    member = place(start).detach().clone().set_requires_grad(true);
    parameters_.push_back({name, kind, member, rate_factor});
}

void Student::add_conv(const FusedNode& fused, const QuantizedConv& start, double output_step) {
    const Node& node = parts_.graph.nodes[fused.node];
    LearnedConv& conv = parts_.numbers.convs[fused.node];
    std::vector<float> lowest(start.scale.size(), static_cast<float>(-weight_limit(start.bits)));
    std::vector<float> highest(start.scale.size(), static_cast<float>(weight_limit(start.bits)));
    for (size_t channel = 0; channel < start.zero_point.size(); ++channel) {
        lowest[channel] = static_cast<float>(-start.zero_point[channel]);
        highest[channel] = static_cast<float>((1 << start.bits) - 1 - start.zero_point[channel]);
    }
    conv.lowest = place(to_torch(lowest));
    conv.highest = place(to_torch(highest));
    conv.start_scale = place(to_torch(start.scale));
    conv.start_bias = place(to_torch(start.bias));
    const auto channels = static_cast<int64_t>(start.scale.size());
    conv.bits = start.bits;
    conv.observed = observes();
    if (observes()) {
        if (start.zero_point.empty()) fail_usage("observed quantizers need asymmetric weights");
        conv.start_scale = parts_.constant(channels, 1);
        conv.log_scale = parts_.constant(channels, 0);
        conv.bias_unit = parts_.constant(channels, 1);
        add_parameter(node.name + ".weight", ParameterKind::kWeight, conv.weight,
                      weights_less_std(parts_.graph, node));
        add_parameter(node.name + ".bias", ParameterKind::kBias, conv.offset, parts_.constant(channels, 0));
        return;
    }
    if (output_step > 0) {
        conv.bias_unit = parts_.constant(channels, output_step);
    } else {
        // The embedding: a hundredth of what its weights reach on average.
        const at::Tensor reach = conv.start_scale.mean() * static_cast<double>(weight_limit(start.bits));
        conv.bias_unit = parts_.constant(channels, 0.01 * reach.item<double>());
    }
    // The more bits, the nearer to the best levels the start is.
    const double rate_factor = std::ldexp(1.0, kBitsOfRates - start.bits);
    add_parameter(node.name + ".weight", ParameterKind::kWeight, conv.weight,
                  starting_weights(parts_.graph, node, start), rate_factor);
    add_parameter(node.name + ".scale", ParameterKind::kWeightScale, conv.log_scale,
                  parts_.constant(channels, 0));
    add_parameter(node.name + ".bias", ParameterKind::kBias, conv.offset, parts_.constant(channels, 0));
}

void Student::add_affine(int node, double output_step) {
    const auto& op = std::get<AffineOp>(parts_.graph.nodes[node].op);
    const std::string& name = parts_.graph.nodes[node].name;
    const auto channels = static_cast<int64_t>(op.scale.size());
    LearnedAffine& affine = parts_.numbers.affines[node];
    affine.start_scale = place(to_torch(op.scale));
    affine.start_shift = place(to_torch(op.shift));
    if (observes()) {
        const at::Tensor scale = affine.start_scale;
        affine.start_scale = affine.shift_unit = parts_.constant(channels, 1);
        add_parameter(name + ".gain", ParameterKind::kAffine, affine.gain, scale);
        add_parameter(name + ".shift", ParameterKind::kAffine, affine.offset, parts_.constant(channels, 0));
        return;
    }
    constexpr double kPartOfEmbedding = 0.01;
    affine.shift_unit = parts_.constant(channels, output_step > 0 ? output_step : kPartOfEmbedding);
    add_parameter(name + ".gain", ParameterKind::kAffine, affine.gain, parts_.constant(channels, 1));
    add_parameter(name + ".shift", ParameterKind::kAffine, affine.offset, parts_.constant(channels, 0));
}

void Student::add_range(const FusedNode& fused, ValueId value, const QuantParams& start) {
    parts_.numbers.shares_range[value] = value;
    LearnedRange& range = parts_.numbers.ranges[value];
    range.bits = start.bits;
    range.start_step = place(at::scalar_tensor(start.scale, at::kFloat));
    const std::string name =
        parts_.graph.nodes[fused.node].name + (value == fused.outputs[0].value ? ".out" : ".out2");
    range.observed = observes();
    if (observes()) {
        const double step = static_cast<double>(start.scale);
        range.low = place(at::scalar_tensor(-start.zero_point * step, at::kFloat));
        range.high = place(at::scalar_tensor((range.largest() - start.zero_point) * step, at::kFloat));
        parameters_.push_back({name + ".low", ParameterKind::kRange, range.low, 1});
        parameters_.push_back({name + ".high", ParameterKind::kRange, range.high, 1});
        return;
    }
    add_parameter(name + ".step", ParameterKind::kStep, range.log_step, at::scalar_tensor(0.0, at::kFloat));
    add_parameter(name + ".zero", ParameterKind::kZeroPoint, range.learned_zero_point,
                  at::scalar_tensor(static_cast<double>(start.zero_point), at::kFloat));
}

at::Tensor Student::forward(const at::Tensor& pixels, const std::vector<ValueId>& keep,
                            std::vector<at::Tensor>& kept, bool cut) const {
    return run_student(parts_, pixels, keep, kept, cut);
}

at::Tensor Student::forward(const at::Tensor& pixels) const {
    std::vector<at::Tensor> kept;
    return forward(pixels, {}, kept);
}

at::Tensor Student::observed_ranges() const {
    std::vector<at::Tensor> high, low;
    for (const auto& [value, range] : parts_.numbers.ranges) {
        if (!range.observed) continue;
        high.push_back(range.high);
        low.push_back(-range.low);
    }
    if (high.empty()) return at::empty({2, 0}, at::kFloat);
    return at::stack({at::stack(high), at::stack(low)});
}

void Student::set_observed_ranges(const at::Tensor& ranges) {
    const at::NoGradGuard no_gradients;
    int64_t index = 0;
    for (const auto& [value, range] : parts_.numbers.ranges) {
        if (!range.observed) continue;
        at::Tensor high = range.high, low = range.low;
        high.copy_(ranges[0][index]);
        low.copy_(-ranges[1][index]);
        ++index;
    }
}

void Student::write_back(Graph& graph, QuantizedGraph& quantized) const {
    const at::NoGradGuard no_gradients;
    graph = parts_.graph;
    quantized = start_;
    for (const auto& [node, conv] : parts_.numbers.convs) {
        QuantizedConv& to = quantized.convs.at(node);
        const WeightLevelGrid grid = conv.grid();
        to.scale = to_vector(conv.start_scale * at::exp(grid.log_scale));
        to.bias = to_vector(conv.bias());
        const std::vector<float> levels = to_vector(conv.levels(grid));
        if (conv.observed) {
            const std::vector<float> lowest = to_vector(grid.lowest);
            for (size_t i = 0; i < lowest.size(); ++i) to.zero_point[i] = static_cast<int32_t>(-lowest[i]);
        }
        const size_t per_output = levels.size() / to.scale.size();
        for (size_t index = 0; index < levels.size(); ++index) {
            to.level[index] = static_cast<int32_t>(levels[index]);
            if (!to.zero_point.empty()) to.level[index] += to.zero_point[index / per_output];
        }
    }
    for (const auto& [node, slope] : parts_.numbers.slopes)
        std::get<PReluOp>(graph.nodes[node].op).slope = to_vector(slope);
    for (const auto& [node, affine] : parts_.numbers.affines) {
        auto& op = std::get<AffineOp>(graph.nodes[node].op);
        op.scale = to_vector(affine.scale());
        op.shift = to_vector(affine.shift());
    }
    for (const auto& [value, owner] : parts_.numbers.shares_range) {
        const LearnedRange& range = parts_.numbers.ranges.at(owner);
        QuantParams& params = quantized.values[value];
        params.bits = range.bits;
        params.scale = range.step().item<float>();
        params.zero_point = static_cast<int32_t>(
            std::clamp(std::nearbyint(range.zero_point().item<double>()), 0.0, range.largest()));
    }
}

}  // namespace quantface
