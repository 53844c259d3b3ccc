#include "train/watched_network.h"

#include <ATen/ATen.h>

#include <limits>
#include <optional>

#include "train/depthwise.h"
#include "train/tensor_conversion.h"
#include "train/tensor_operations.h"

namespace quantface {

namespace {

constexpr double kNoBound = std::numeric_limits<double>::infinity();

// An activation that a watch can compute: a slope below zero for each channel, and a bound above.
struct Bend {
    std::vector<float> slope;
    double high = kNoBound;
};

std::optional<Bend> bend_of(const Op& op, int channels) {
    const auto same = [&](float slope) { return std::vector<float>(static_cast<size_t>(channels), slope); };
    if (const auto* prelu = std::get_if<PReluOp>(&op)) return Bend{prelu->slope};
    if (std::holds_alternative<ReluOp>(op)) return Bend{same(0)};
    if (const auto* leaky = std::get_if<LeakyReluOp>(&op)) return Bend{same(leaky->slope)};
    const auto* clip = std::get_if<ClipOp>(&op);
    if (clip && clip->low == 0 && clip->high > 0) return Bend{same(0), static_cast<double>(clip->high)};
    return std::nullopt;
}

}  // namespace

WatchedNetwork::WatchedNetwork(const Graph& graph, at::Device device, bool bfloat16)
    : graph_(graph),
      type_(bfloat16 ? at::kBFloat16 : at::kFloat),
      network_(graph, {device, false}),
      steps_(graph.nodes.size()),
      skipped_(graph.nodes.size()) {
    for (const Node& node : graph_.nodes) has_batch_norms_ |= std::holds_alternative<BatchNormOp>(node.op);
    for (int node = 0; node < static_cast<int>(graph_.nodes.size()); ++node) plan_watch(node);
    plan_convolutions();
    for (Step& step : steps_) {
        for (at::Tensor* tensor : {&step.form.scale, &step.form.shift, &step.form.slope, &step.form.centre,
                                   &step.weight, &step.bias}) {
            if (tensor->defined()) *tensor = tensor->to(device);
        }
    }
    for (ChannelStatistics& one : reference_) {
        one.mean = one.mean.to(device);
        one.variance = one.variance.to(device);
    }
}

// A batch norm with the activation that alone reads it; without batch norms, an activation.
void WatchedNetwork::plan_watch(int index) {
    const Node& node = graph_.nodes[static_cast<size_t>(index)];
    const int channels = graph_.values[node.output].shape.channels;
    Step& step = steps_[static_cast<size_t>(index)];
    std::optional<Bend> bend = Bend{std::vector<float>(static_cast<size_t>(channels), 1.0f)};
    step.output = node.output;
    if (const auto* norm = std::get_if<BatchNormOp>(&node.op)) {
        const at::Tensor mean = to_torch(norm->mean), variance = to_torch(norm->variance);
        reference_.push_back({mean, variance + static_cast<double>(norm->epsilon)});
        step.form.scale = to_torch(norm->scale) / reference_.back().variance.sqrt();
        step.form.shift = to_torch(norm->bias) - mean * step.form.scale;
        step.form.centre = mean;
        const std::vector<int> readers = graph_.consumers_of(node.output);
        if (readers.size() == 1 && node.output != graph_.output) {
            const Node& reader = graph_.nodes[static_cast<size_t>(readers[0])];
            if (const auto found = bend_of(reader.op, channels)) {
                bend = found;
                step.output = reader.output;
                skipped_[static_cast<size_t>(readers[0])] = true;
            }
        }
    } else {
        bend = has_batch_norms_ ? std::nullopt : bend_of(node.op, channels);
        if (!bend) return;
        step.form.scale = at::ones({channels});
        step.form.shift = step.form.centre = at::zeros({channels});
    }
    step.form.slope = to_torch(bend->slope);
    step.form.high = bend->high;
    step.input = node.inputs[0];
    step.watch = static_cast<int>(watched_++);
}

// Weights in the type that is multiplied in.
void WatchedNetwork::plan_convolutions() {
    for (size_t index = 0; index < graph_.nodes.size(); ++index) {
        const Node& node = graph_.nodes[index];
        const auto* conv = std::get_if<ConvOp>(&node.op);
        if (conv == nullptr) continue;
        Step& step = steps_[index];
        const bool depthwise = is_plain_depthwise(*conv, graph_.values[node.inputs[0]].shape.channels);
        step.weight = to_torch(conv->weight).to(depthwise ? at::kFloat : type_);
        if (!conv->bias.empty()) step.bias = to_torch(conv->bias);
    }
}

at::Tensor WatchedNetwork::convolve(const Node& node, const Step& step, const at::Tensor& x) const {
    const auto& conv = std::get<ConvOp>(node.op);
    const at::Tensor input = x.to(type_);
    if (is_plain_depthwise(conv, input.size(1))) {
        const at::Tensor sum = depthwise_convolution(input, step.weight, conv.window);
        return step.bias.defined() ? sum + by_channel(step.bias).to(type_) : sum;
    }
    const at::Tensor bias = step.bias.defined() ? step.bias.to(type_) : step.bias;
    return convolution(input, step.weight, bias, conv.window, conv.groups);
}

at::Tensor WatchedNetwork::run(size_t index, const std::vector<at::Tensor>& values) const {
    const Node& node = graph_.nodes[index];
    if (std::holds_alternative<ConvOp>(node.op)) return convolve(node, steps_[index], values[node.inputs[0]]);
    const bool weighted =
        std::holds_alternative<GemmOp>(node.op) || std::holds_alternative<AffineOp>(node.op);
    std::vector<at::Tensor> inputs;
    for (const ValueId value : node.inputs)
        inputs.push_back(weighted ? values[value].to(at::kFloat) : values[value]);
    return network_.run(index, inputs);
}

WatchedPass WatchedNetwork::forward(const at::Tensor& pixels) const {
    std::vector<at::Tensor> values(graph_.values.size());
    std::vector<int> readers_left(graph_.values.size());
    for (const Node& node : graph_.nodes) {
        for (const ValueId value : node.inputs) ++readers_left[value];
    }
    ++readers_left[graph_.output];
    WatchedPass pass;
    pass.statistics.resize(watched_);
    values[graph_.input] = network_.normalized(pixels).contiguous(at::MemoryFormat::ChannelsLast);
    for (size_t index = 0; index < graph_.nodes.size(); ++index) {
        const Node& node = graph_.nodes[index];
        const Step& step = steps_[index];
        if (step.watch >= 0) {
            const WatchedValue value = watched_activation(values[step.input], step.form);
            values[step.output] = value.output;
            pass.statistics[static_cast<size_t>(step.watch)] = {value.mean, value.variance};
        } else if (!skipped_[index]) {
            values[node.output] = run(index, values);
        }
        for (const ValueId value : node.inputs) {
            if (--readers_left[value] == 0) values[value].reset();
        }
    }
    pass.embedding = values[graph_.output].flatten(1).to(at::kFloat);
    return pass;
}

}  // namespace quantface
