#include "quantize/activation_coverage.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "base/error.h"
#include "graph/passes/pass.h"
#include "quantize/fusion.h"

namespace quantface {

namespace {

struct ChannelMoments {
    std::vector<double> means, deviations;
};

ChannelMoments moments_of(const ValueStatistics& value) {
    ChannelMoments moments;
    for (size_t channel = 0; channel < value.sums.size(); ++channel) {
        moments.means.push_back(value.mean(channel));
        moments.deviations.push_back(value.standard_deviation(channel));
    }
    return moments;
}

ChannelMoments moments_of(const BatchNormOp& norm) {
    ChannelMoments moments;
    for (size_t channel = 0; channel < norm.mean.size(); ++channel) {
        moments.means.push_back(norm.mean[channel]);
        moments.deviations.push_back(std::sqrt(double{norm.variance[channel]} + norm.epsilon));
    }
    return moments;
}

ChannelDistance distance(const ChannelMoments& set, const ChannelMoments& reference) {
    constexpr double kSilent = 1e-4;
    const double largest = *std::max_element(reference.deviations.begin(), reference.deviations.end());
    const double floor = largest * kSilent;
    ChannelDistance result;
    for (size_t channel = 0; channel < reference.means.size(); ++channel) {
        const double deviation = reference.deviations[channel];
        if (!(deviation > floor)) continue;
        const double shift = std::fabs(set.means[channel] - reference.means[channel]) / deviation;
        // A channel that does not vary in the set has no logarithm: it counts as varying that little.
        const double ratio = std::log(std::max(set.deviations[channel], floor) / deviation);
        ++result.channels;
        result.mean_shift += shift;
        result.largest_shift = std::max(result.largest_shift, shift);
        result.log_std_ratio += ratio;
        result.abs_log_std_ratio += std::fabs(ratio);
    }
    const double count = std::max(1, result.channels);
    result.mean_shift /= count;
    result.log_std_ratio /= count;
    result.abs_log_std_ratio /= count;
    return result;
}

double extent(const Range& range) {
    return double{range.high} - range.low;
}

// Mean squared error of rounding to 8 bits' levels: a step's square over 12.
double rounding_noise(const Range& levels) {
    const double step = extent(levels) / 255;
    return step * step / 12;
}

LayerCoverage cover(const ActivationBounds& set_bounds, const ActivationBounds& reference_bounds,
                    const ValueStatistics& set, const ValueStatistics& reference) {
    LayerCoverage layer;
    layer.set = set_bounds;
    layer.reference = reference_bounds;
    if (reference.count > 0) {
        const auto share = [&](int64_t part) {
            return static_cast<double>(part) / static_cast<double>(reference.count);
        };
        layer.in_extremes = share(reference.bounds.in_extremes);
        layer.in_quantiles = share(reference.bounds.in_quantiles);
        layer.overflow = share(reference.count - reference.bounds.in_levels);
    }
    const double energy = std::accumulate(reference.squares.begin(), reference.squares.end(), 0.0);
    if (energy > 0) layer.clipped_energy = reference.bounds.clipped_squares / energy;
    if (extent(reference_bounds.levels) > 0 && reference.count > 0) {
        layer.range_ratio = extent(set_bounds.levels) / extent(reference_bounds.levels);
        // What is clipped is not rounded.
        const double noise = reference.bounds.clipped_squares / static_cast<double>(reference.count) +
                             (1 - layer.overflow) * rounding_noise(set_bounds.levels);
        const double smallest = 1e-9 * rounding_noise(reference_bounds.levels);
        layer.noise_db = 10 * std::log10(std::max(noise, smallest) / rounding_noise(reference_bounds.levels));
    }
    layer.channels = distance(moments_of(set), moments_of(reference));
    return layer;
}

bool passes_numbers_on(const Node& node) {
    return std::holds_alternative<FlattenOp>(node.op) || std::holds_alternative<IdentityOp>(node.op);
}

}  // namespace

std::optional<std::vector<bool>> quantized_values(const Graph& graph) {
    // The passes keep the numbers of the values that they leave.
    Graph simplified = graph;
    std::vector<bool> quantized(graph.values.size(), false);
    try {
        run_passes(simplified, {});
        for (const FusedNode& fused : plan_fusion(simplified)) {
            for (const FusedOutput& output : fused.outputs) {
                const auto value = static_cast<size_t>(output.value);
                if (value < quantized.size() && output.value != simplified.output) quantized[value] = true;
            }
        }
    } catch (const Error&) {
        return std::nullopt;  // an operation without an integer form
    }
    return quantized;
}

std::vector<LayerCoverage> compare_activations(const Graph& graph, const ActivationStatistics& set,
                                               const ActivationStatistics& reference) {
    QF_CHECK(set.values.size() == graph.values.size() && reference.values.size() == graph.values.size());
    const std::vector<ActivationBounds> set_bounds = set.bounds(), reference_bounds = reference.bounds();
    const std::optional<std::vector<bool>> quantized = quantized_values(graph);
    std::vector<LayerCoverage> layers;
    for (const Node& node : graph.nodes) {
        if (passes_numbers_on(node)) continue;
        const ValueId value = node.output;
        LayerCoverage layer =
            cover(set_bounds[value], reference_bounds[value], set.values[value], reference.values[value]);
        layer.value = value;
        layer.name = node.name;
        layer.op = op_name(node.op);
        layer.quantized = quantized && (*quantized)[static_cast<size_t>(value)];
        layers.push_back(std::move(layer));
    }
    return layers;
}

std::vector<LayerCoverage> decisive_layers(const std::vector<LayerCoverage>& layers) {
    std::vector<LayerCoverage> decisive;
    std::copy_if(layers.begin(), layers.end(), std::back_inserter(decisive),
                 [](const LayerCoverage& layer) { return layer.quantized; });
    return decisive.empty() ? layers : decisive;
}

CoverageSummary summarize(const std::vector<LayerCoverage>& layers) {
    const std::vector<LayerCoverage> decisive = decisive_layers(layers);
    const auto mean = [&](const auto& number_of) {
        double sum = 0, count = 0;
        for (const LayerCoverage& layer : decisive) {
            const std::optional<double> number = number_of(layer);
            sum += number.value_or(0);
            count += number ? 1 : 0;
        }
        return count > 0 ? sum / count : 0;
    };
    CoverageSummary summary;
    summary.layers = std::ssize(decisive);
    summary.in_extremes = mean([](const auto& layer) { return layer.in_extremes; });
    summary.in_quantiles = mean([](const auto& layer) { return layer.in_quantiles; });
    summary.overflow = mean([](const auto& layer) { return layer.overflow; });
    summary.clipped_energy = mean([](const auto& layer) { return layer.clipped_energy; });
    summary.range_ratio = mean([](const auto& layer) { return layer.range_ratio; });
    summary.noise_db = mean([](const auto& layer) { return layer.noise_db; });
    summary.mean_shift = mean([](const auto& layer) { return layer.channels.mean_shift; });
    summary.abs_log_std_ratio = mean([](const auto& layer) { return layer.channels.abs_log_std_ratio; });
    return summary;
}

std::vector<BatchNormDistance> batch_norm_distances(const Graph& graph, const ActivationStatistics& set) {
    QF_CHECK(set.values.size() == graph.values.size());
    std::vector<BatchNormDistance> distances;
    for (const Node& node : graph.nodes) {
        const auto* norm = std::get_if<BatchNormOp>(&node.op);
        if (norm == nullptr) continue;
        distances.push_back({node.name, distance(moments_of(set.values[node.inputs[0]]), moments_of(*norm))});
    }
    return distances;
}

}  // namespace quantface
