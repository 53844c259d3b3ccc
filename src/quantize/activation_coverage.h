// How well a set of faces stands in for another one inside a network: whether it reaches as far in every
// layer, and what a quantizer calibrated on it would cut off.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "quantize/activation_statistics.h"

namespace quantface {

// Distance of the set's channels from the reference's. Channels that do not vary in the reference (standard
// deviation below a 10,000th of the layer's largest) take no part.
struct ChannelDistance {
    int channels = 0;          // that take part
    double mean_shift = 0;     // mean over them of |mean of set - mean of reference| / std of reference
    double largest_shift = 0;  // the largest of these
    double log_std_ratio = 0;  // mean over them of ln(std of set / std of reference): below 0, varies less
    double abs_log_std_ratio = 0;  // mean over them of its magnitude
};

// One layer: a node of the network and the numbers that it gives.
struct LayerCoverage {
    ValueId value = kNoValue;
    std::string name, op;    // of the node
    bool quantized = false;  // the integer network has levels for this value
    ActivationBounds set, reference;
    // Shares of the reference's numbers, in [0, 1].
    double in_extremes = 1;   // within the set's smallest and largest number
    double in_quantiles = 1;  // within the set's 0.1 % and 99.9 % quantiles; 0.998 where both sets are alike
    double overflow = 0;      // outside the range that levels calibrated on the set cover
    // What is cut off there: sum of (x - clamped x)^2 over sum of x^2 of the reference.
    double clipped_energy = 0;
    // Extent of that range over that of the range calibrated on the reference: below 1 it cuts off, above 1
    // levels are wasted. Nothing where the reference's has no extent.
    std::optional<double> range_ratio;
    // How much louder the rounding and clipping noise of 8 bits is on the reference with levels calibrated on
    // the set than with levels calibrated on the reference itself, decibels: too narrow a range clips, too
    // wide a one has coarse levels. 0 where both are alike; nothing where the reference's range has no
    // extent.
    std::optional<double> noise_db;
    ChannelDistance channels;
};

// One flag for each value: whether the integer network made of the graph has levels for it. Nothing where the
// network has no integer form.
std::optional<std::vector<bool>> quantized_values(const Graph& graph);

// All nodes but those that only pass numbers on (Flatten, Identity), in order. set and reference: of this
// graph, the reference measured with the set's bounds().
std::vector<LayerCoverage> compare_activations(const Graph& graph, const ActivationStatistics& set,
                                               const ActivationStatistics& reference);

// The layers that decide: the quantized ones, or all where none is marked.
std::vector<LayerCoverage> decisive_layers(const std::vector<LayerCoverage>& layers);

// Means over the decisive layers; range ratio and noise over those that have them.
struct CoverageSummary {
    int64_t layers = 0;
    double in_extremes = 0, in_quantiles = 0, overflow = 0, clipped_energy = 0;
    double range_ratio = 0, noise_db = 0;
    double mean_shift = 0, abs_log_std_ratio = 0;
};
CoverageSummary summarize(const std::vector<LayerCoverage>& layers);

// A batch norm remembers the mean and variance of its input over the images that the network was trained on:
// a reference without any image. Shifts in units of the remembered standard deviation.
struct BatchNormDistance {
    std::string name;
    ChannelDistance channels;
};

// The graph's BatchNorm nodes in order; empty where they were folded away before.
std::vector<BatchNormDistance> batch_norm_distances(const Graph& graph, const ActivationStatistics& set);

}  // namespace quantface
