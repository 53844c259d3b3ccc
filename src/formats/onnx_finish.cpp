#include "formats/onnx_finish.h"

#include <algorithm>
#include <cmath>

namespace quantface {

void drop_dead_nodes(OnnxContext& context) {
    Graph& graph = context.graph;
    std::vector<bool> needed(graph.values.size(), false);
    needed[graph.output] = true;
    for (size_t index = graph.nodes.size(); index-- > 0;) {
        const Node& node = graph.nodes[index];
        if (!needed[node.output]) continue;
        for (const ValueId input : node.inputs) needed[input] = true;
    }
    if (!needed[graph.input]) context.refuse("the output does not depend on the input; not a face network");
    std::erase_if(graph.nodes, [&](const Node& node) { return !needed[node.output]; });
    std::vector<ValueId> renamed(graph.values.size(), kNoValue);
    std::vector<Value> kept;
    for (size_t value = 0; value < graph.values.size(); ++value) {
        if (!needed[value]) continue;
        renamed[value] = static_cast<ValueId>(kept.size());
        kept.push_back(std::move(graph.values[value]));
    }
    graph.values = std::move(kept);
    for (Node& node : graph.nodes) {
        for (ValueId& input : node.inputs) input = renamed[input];
        node.output = renamed[node.output];
    }
    graph.input = renamed[graph.input];
    graph.output = renamed[graph.output];
    for (ValueId& value : context.normalized_vectors) value = renamed[value];
    std::erase(context.normalized_vectors, kNoValue);
}

void check_normalizations(OnnxContext& context) {
    const Graph& graph = context.graph;
    // Backwards from the output as long as it is the same vector.
    std::vector<bool> is_last(graph.values.size(), false);
    is_last[graph.output] = true;
    for (size_t index = graph.nodes.size(); index-- > 0;) {
        const Node& node = graph.nodes[index];
        const bool same_vector =
            std::holds_alternative<IdentityOp>(node.op) || std::holds_alternative<FlattenOp>(node.op);
        if (is_last[node.output] && same_vector) is_last[node.inputs[0]] = true;
    }
    for (const ValueId value : context.normalized_vectors) {
        if (!is_last[value]) {
            context.refuse("'" + graph.values[value].name +
                           "' is L2-normalised within the network; supported only as its last step");
        }
    }
    if (!context.normalized_vectors.empty()) {
        context.notes.push_back(
            "dropped the L2 normalisation at the network's end; embeddings are compared by their cosine");
    }
}

namespace {

// y = x * scale + shift.
struct ChannelAffine {
    double scale = 1, shift = 0;
};

// Takes the chain of Affine and Identity nodes at the input out of the graph as far as each is its value's
// only reader. Returns false, the graph untouched, where there is none or a scale is not positive.
bool take_input_affine(Graph& graph, std::array<ChannelAffine, 3>& taken) {
    std::vector<int> reader_count(graph.values.size(), 0);
    for (const Node& node : graph.nodes) {
        for (const ValueId input : node.inputs) ++reader_count[input];
    }
    ValueId front = graph.input;
    std::vector<bool> on_chain(graph.values.size(), false);
    bool any = false;
    for (const Node& node : graph.nodes) {
        const auto* affine = std::get_if<AffineOp>(&node.op);
        if (!affine && !std::holds_alternative<IdentityOp>(node.op)) continue;
        if (node.inputs[0] != front || reader_count[front] != 1 || node.output == graph.output) continue;
        for (int channel = 0; affine && channel < 3; ++channel) {
            const auto scale = static_cast<double>(affine->scale[channel]);
            taken[channel].scale *= scale;
            taken[channel].shift = taken[channel].shift * scale + static_cast<double>(affine->shift[channel]);
        }
        any = any || affine;
        on_chain[node.output] = true;
        front = node.output;
    }
    const bool positive = std::all_of(taken.begin(), taken.end(),
                                      [](const ChannelAffine& channel) { return channel.scale > 0; });
    if (!any || !positive) return false;
    std::erase_if(graph.nodes, [&](const Node& node) { return on_chain[node.output]; });
    for (Node& node : graph.nodes) std::replace(node.inputs.begin(), node.inputs.end(), front, graph.input);
    return true;
}

}  // namespace

void settle_input_spec(OnnxContext& context, const OnnxImportOptions& options) {
    Graph& graph = context.graph;
    InputSpec& spec = graph.input_spec;
    const Shape& shape = graph.values[graph.input].shape;
    spec.height = shape.height;
    spec.width = shape.width;
    spec.color_order = options.bgr ? ColorOrder::kBgr : ColorOrder::kRgb;
    std::array<ChannelAffine, 3> inside;
    const bool taken = take_input_affine(graph, inside);
    if (!taken) inside = {};
    // The network by itself expects plain pixels where it scales them itself.
    const float usual_mean = taken ? 0.0f : 127.5f, usual_std = taken ? 1.0f : 127.5f;
    for (int channel = 0; channel < 3; ++channel) {
        const double mean =
            static_cast<double>(options.input_mean ? (*options.input_mean)[channel] : usual_mean);
        const double std = static_cast<double>(options.input_std ? (*options.input_std)[channel] : usual_std);
        // ((x - mean) / std) * scale + shift = (x - (mean - shift * std / scale)) / (std / scale)
        const ChannelAffine& affine = inside[channel];
        spec.mean[channel] = static_cast<float>(mean - affine.shift * std / affine.scale);
        spec.std[channel] = static_cast<float>(std / affine.scale);
    }
    if (!taken && !options.input_mean && !options.input_std) {
        context.notes.push_back(
            "assumed input mean 127.5 and std 127.5, as the file does not say; give --input-mean and "
            "--input-std where the network was trained otherwise");
    }
}

}  // namespace quantface
