#include "graph/passes/pass.h"
#include "graph/passes/rewrite.h"

namespace quantface {

namespace {
void fold(const AffineOp& affine, ConvOp& conv) {
    const size_t channels = affine.scale.size();
    const size_t per_channel = conv.weight.data.size() / channels;
    conv.bias.resize(channels, 0.0f);
    for (size_t channel = 0; channel < channels; ++channel) {
        const double scale = affine.scale[channel];
        for (size_t index = 0; index < per_channel; ++index) {
            float& weight = conv.weight.data[channel * per_channel + index];
            weight = static_cast<float>(weight * scale);
        }
        conv.bias[channel] = static_cast<float>(conv.bias[channel] * scale + affine.shift[channel]);
    }
}
}  // namespace

int fold_into_previous(Graph& graph) {
    std::vector<bool> doomed(graph.nodes.size(), false);
    int changes = 0;
    for (size_t index = 0; index < graph.nodes.size(); ++index) {
        const auto* affine = std::get_if<AffineOp>(&graph.nodes[index].op);
        if (affine == nullptr || !has_single_use(graph, graph.nodes[index].inputs[0])) continue;
        const int producer = graph.producer_of(graph.nodes[index].inputs[0]);
        if (producer < 0) continue;
        auto* conv = std::get_if<ConvOp>(&graph.nodes[producer].op);
        if (conv == nullptr) continue;
        fold(*affine, *conv);
        graph.nodes[producer].output = graph.nodes[index].output;
        doomed[index] = true;
        ++changes;
    }
    remove_nodes(graph, doomed);
    return changes;
}

}  // namespace quantface
