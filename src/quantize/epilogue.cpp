#include "quantize/epilogue.h"

#include <algorithm>

#include "graph/op_visitor.h"

namespace quantface {

namespace {
void apply_activation(const Op& op, int channels, std::span<float> data) {
    const size_t plane = data.size() / static_cast<size_t>(channels);
    const auto leak = [&](int channel, float slope) {
        for (float& number : data.subspan(channel * plane, plane))
            number = number < 0 ? number * slope : number;
    };
    std::visit(Overloaded{
                   [&](const PReluOp& prelu) {
                       for (int channel = 0; channel < channels; ++channel)
                           leak(channel, prelu.slope[channel]);
                   },
                   [&](const LeakyReluOp& leaky) {
                       for (int channel = 0; channel < channels; ++channel) leak(channel, leaky.slope);
                   },
                   [&](const ReluOp&) {
                       for (float& number : data) number = std::max(number, 0.0f);
                   },
                   [&](const ClipOp& clip) {
                       for (float& number : data) number = std::min(std::max(number, clip.low), clip.high);
                   },
                   [](const auto&) {},
               },
               op);
}
}  // namespace

void apply_activation_and_residual(const Graph& graph, const FusedNode& fused,
                                   std::span<const float> residual, std::span<float> data) {
    const int channels = graph.values[graph.nodes[fused.node].output].shape.channels;
    const auto activate = [&] {
        if (fused.activation_node >= 0)
            apply_activation(graph.nodes[fused.activation_node].op, channels, data);
    };
    if (!fused.activation_after_residual) activate();
    if (fused.residual != kNoValue) {
        for (size_t index = 0; index < data.size(); ++index)
            data[index] += residual[index] * fused.residual_sign;
    }
    if (fused.activation_after_residual) activate();
}

void write_output(const Graph& graph, const FusedOutput& output, std::span<const float> result,
                  std::span<float> out) {
    if (output.affine_node < 0) {
        std::copy(result.begin(), result.end(), out.begin());
        return;
    }
    const auto& affine = std::get<AffineOp>(graph.nodes[output.affine_node].op);
    const size_t plane = result.size() / affine.scale.size();
    for (size_t channel = 0; channel < affine.scale.size(); ++channel) {
        for (size_t index = channel * plane; index < (channel + 1) * plane; ++index) {
            out[index] = result[index] * affine.scale[channel] + affine.shift[channel];
        }
    }
}

}  // namespace quantface
