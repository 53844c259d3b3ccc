// What each channel of each value reaches on the calibration images, and the equalization that follows from
// it.
#pragma once

#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "graph/graph.h"
#include "quantize/calibration_images.h"

namespace quantface {

// For each value of the graph, for each channel: the mean over the images of the largest magnitude in the
// image.
using ChannelMagnitudes = std::vector<std::vector<float>>;

ChannelMagnitudes measure_channel_magnitudes(const Graph& graph, const CalibrationImages& images,
                                             ThreadPool& pool, Progress& progress);

// Scales the graph's channel groups (graph/channel_groups.h) so that the channels of a quantized value reach
// alike. Where only depthwise convolutions read a group, wholly: their weights have a scale for each channel.
// Where a dense convolution reads it, by the power `strength` (0..1) of the magnitudes, as the imbalance
// moves into its weights. quantized: one flag for each value. Returns how many groups were scaled; the graph
// computes the same function.
int equalize_channels(Graph& graph, const ChannelMagnitudes& magnitudes, const std::vector<bool>& quantized,
                      double strength);

}  // namespace quantface
