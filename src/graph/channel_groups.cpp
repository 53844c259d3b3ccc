#include "graph/channel_groups.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace quantface {

namespace {

class DisjointSets {
  public:
    explicit DisjointSets(size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), 0); }
    int find(int item) {
        while (parent_[item] != item) item = parent_[item] = parent_[parent_[item]];
        return item;
    }
    void join(int a, int b) { parent_[find(a)] = find(b); }

  private:
    std::vector<int> parent_;
};

bool is_boundary(const Node& node) {
    return std::holds_alternative<ConvOp>(node.op) || std::holds_alternative<AffineOp>(node.op);
}

// Output and inputs must be scaled alike, and then the node needs no change.
bool is_homogeneous(const Graph& graph, const Node& node) {
    if (std::holds_alternative<PReluOp>(node.op) || std::holds_alternative<ReluOp>(node.op) ||
        std::holds_alternative<LeakyReluOp>(node.op) || std::holds_alternative<IdentityOp>(node.op) ||
        std::holds_alternative<AveragePoolOp>(node.op) || std::holds_alternative<MaxPoolOp>(node.op) ||
        std::holds_alternative<GlobalAveragePoolOp>(node.op)) {
        return true;
    }
    if (std::holds_alternative<AddOp>(node.op) || std::holds_alternative<SubOp>(node.op)) {
        return graph.values[node.inputs[0]].shape == graph.values[node.inputs[1]].shape;
    }
    return false;
}

void scale_outputs(Node& node, const std::vector<float>& scales) {
    if (auto* affine = std::get_if<AffineOp>(&node.op)) {
        for (size_t channel = 0; channel < scales.size(); ++channel) {
            affine->scale[channel] *= scales[channel];
            affine->shift[channel] *= scales[channel];
        }
        return;
    }
    auto& conv = std::get<ConvOp>(node.op);
    const size_t per_output = conv.weight.data.size() / scales.size();
    for (size_t index = 0; index < conv.weight.data.size(); ++index) {
        conv.weight.data[index] *= scales[index / per_output];
    }
    for (size_t channel = 0; channel < conv.bias.size(); ++channel) conv.bias[channel] *= scales[channel];
}

void unscale_inputs(Node& node, const std::vector<float>& scales) {
    if (auto* affine = std::get_if<AffineOp>(&node.op)) {
        for (size_t channel = 0; channel < scales.size(); ++channel)
            affine->scale[channel] /= scales[channel];
        return;
    }
    auto& conv = std::get<ConvOp>(node.op);
    const int64_t outputs = conv.weight.dims[0], group_inputs = conv.weight.dims[1];
    const int64_t taps = conv.weight.dims[2] * conv.weight.dims[3];
    const int64_t outputs_per_group = outputs / conv.groups;
    for (int64_t output = 0; output < outputs; ++output) {
        const int64_t first_input = output / outputs_per_group * group_inputs;
        for (int64_t input = 0; input < group_inputs; ++input) {
            float* weights = &conv.weight.data[(output * group_inputs + input) * taps];
            for (int64_t tap = 0; tap < taps; ++tap) weights[tap] /= scales[first_input + input];
        }
    }
}

}  // namespace

std::vector<ChannelGroup> find_channel_groups(const Graph& graph) {
    DisjointSets sets(graph.values.size());
    std::vector<bool> pinned(graph.values.size(), false);
    pinned[graph.input] = pinned[graph.output] = true;
    for (const Node& node : graph.nodes) {
        if (is_boundary(node)) continue;
        for (const ValueId input : node.inputs) {
            if (is_homogeneous(graph, node)) {
                sets.join(input, node.output);
            } else {
                pinned[input] = pinned[node.output] = true;
            }
        }
    }
    std::vector<bool> set_pinned(graph.values.size(), false);
    std::vector<int> group_of_set(graph.values.size(), -1);
    const auto count = static_cast<ValueId>(graph.values.size());
    for (ValueId value = 0; value < count; ++value) {
        if (pinned[value]) set_pinned[sets.find(value)] = true;
    }
    std::vector<ChannelGroup> groups;
    const auto group_of = [&](ValueId value) -> ChannelGroup* {
        const int set = sets.find(value);
        if (set_pinned[set]) return nullptr;
        if (group_of_set[set] < 0) {
            group_of_set[set] = static_cast<int>(groups.size());
            groups.push_back({graph.values[value].shape.channels, {}, {}, {}});
        }
        return &groups[group_of_set[set]];
    };
    for (size_t index = 0; index < graph.nodes.size(); ++index) {
        const Node& node = graph.nodes[index];
        ChannelGroup* written = group_of(node.output);
        if (written != nullptr) {
            written->values.push_back(node.output);
            if (is_boundary(node)) written->producers.push_back(static_cast<int>(index));
        }
        if (!is_boundary(node)) continue;
        ChannelGroup* read = group_of(node.inputs[0]);
        if (read != nullptr) read->consumers.push_back(static_cast<int>(index));
    }
    return groups;
}

void scale_group(Graph& graph, const ChannelGroup& group, const std::vector<float>& scales) {
    QF_CHECK(static_cast<int>(scales.size()) == group.channels);
    for (const float scale : scales) QF_CHECK(scale > 0);
    for (const int producer : group.producers) scale_outputs(graph.nodes[producer], scales);
    for (const int consumer : group.consumers) unscale_inputs(graph.nodes[consumer], scales);
}

}  // namespace quantface
