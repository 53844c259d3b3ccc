#include "quantize/channel_statistics.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "graph/channel_groups.h"
#include "runtime/float_executor.h"

namespace quantface {

ChannelMagnitudes measure_channel_magnitudes(const Graph& graph, const CalibrationImages& images,
                                             ThreadPool& pool, Progress& progress) {
    const FloatExecutor executor(graph);
    const auto zero = [&] {
        ChannelMagnitudes magnitudes;
        for (const Value& value : graph.values) magnitudes.emplace_back(value.shape.channels, 0.0f);
        return magnitudes;
    };
    // Summed in a fixed order, whatever thread does what: each part takes every kParts-th image.
    constexpr int64_t kParts = 16;
    std::vector<ChannelMagnitudes> partial(kParts, zero());
    std::vector<std::shared_ptr<FloatExecutor::Workspace>> workspaces;
    for (int thread = 0; thread < pool.size(); ++thread) workspaces.push_back(executor.make_workspace());
    const auto count = static_cast<int64_t>(images.network_input.size());
    progress.start("observing the teacher, images", count);
    pool.parallel_for(kParts, [&](int64_t part, int thread) {
        for (int64_t index = part; index < count; index += kParts) {
            if (progress.stop_requested()) fail_work("interrupted");
            std::vector<float> embedding(graph.embedding_size());
            executor.run(images.network_input[index], embedding, *workspaces[thread],
                         [&](ValueId value, std::span<const float> data) {
                             auto& channels = partial[part][value];
                             const size_t plane = data.size() / channels.size();
                             for (size_t channel = 0; channel < channels.size(); ++channel) {
                                 float largest = 0;
                                 for (const float number : data.subspan(channel * plane, plane)) {
                                     largest = std::max(largest, std::fabs(number));
                                 }
                                 channels[channel] += largest;
                             }
                         });
            progress.advance(1);
        }
    });
    progress.finish();
    ChannelMagnitudes total = zero();
    for (const ChannelMagnitudes& part : partial) {
        for (size_t value = 0; value < total.size(); ++value) {
            for (size_t channel = 0; channel < total[value].size(); ++channel) {
                total[value][channel] += part[value][channel] / static_cast<float>(count);
            }
        }
    }
    return total;
}

namespace {
bool is_depthwise(const Node& node) {
    const auto* conv = std::get_if<ConvOp>(&node.op);
    return conv != nullptr && conv->weight.dims[1] == 1;
}
}  // namespace

int equalize_channels(Graph& graph, const ChannelMagnitudes& magnitudes, const std::vector<bool>& quantized,
                      double strength) {
    // A channel that hardly ever speaks is not blown up beyond this factor of the group's typical one.
    constexpr double kLargestFactor = 1e3;
    int scaled = 0;
    for (const ChannelGroup& group : find_channel_groups(graph)) {
        std::vector<double> reach(group.channels, 0.0);
        for (const ValueId value : group.values) {
            if (!quantized[value]) continue;
            for (int channel = 0; channel < group.channels; ++channel) {
                reach[channel] = std::max<double>(reach[channel], magnitudes[value][channel]);
            }
        }
        const double largest = *std::max_element(reach.begin(), reach.end());
        if (largest <= 0) continue;
        const bool only_depthwise =
            std::all_of(group.consumers.begin(), group.consumers.end(), [&](int consumer) {
                return is_depthwise(graph.nodes[consumer]) ||
                       std::holds_alternative<AffineOp>(graph.nodes[consumer].op);
            });
        std::vector<float> scales;
        for (const double channel_reach : reach) {
            const double imbalance = std::max(channel_reach, largest / kLargestFactor) / largest;
            scales.push_back(static_cast<float>(std::pow(imbalance, only_depthwise ? -1.0 : -strength)));
        }
        scale_group(graph, group, scales);
        ++scaled;
    }
    return scaled;
}

}  // namespace quantface
