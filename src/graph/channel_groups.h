// Channel equalization: positive per-channel scales that move through a network without changing what it
// computes.
//
// Values are in one group where scaling a channel of one forces the same scale on the others: across PReLU,
// ReLU and LeakyReLU (positively homogeneous: f(s x) = s f(x) for s > 0), Add and Sub of equal shapes,
// pooling. Convolutions and per-channel scale-and-shift begin and end groups: a producer's rows take the
// scale, a consumer's columns its inverse, so a depthwise convolution can carry any scale in and any other
// out. Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV
// 2019, extended to residual streams and to PReLU.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace quantface {

struct ChannelGroup {
    int channels = 0;
    std::vector<ValueId> values;
    std::vector<int> producers;  // nodes (Conv, Affine) that write a value of the group
    std::vector<int> consumers;  // nodes (Conv, Affine) that read one
};

// The groups of the graph that can be scaled: those that hold neither the input nor the output, and whose
// every boundary is a Conv or an Affine.
std::vector<ChannelGroup> find_channel_groups(const Graph& graph);

// Multiplies channel c of every value of the group by scales[c] > 0; the network's function stays the same.
void scale_group(Graph& graph, const ChannelGroup& group, const std::vector<float>& scales);

}  // namespace quantface
