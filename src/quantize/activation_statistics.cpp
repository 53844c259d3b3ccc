#include "quantize/activation_statistics.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "runtime/embedder.h"
#include "runtime/float_executor.h"

namespace quantface {

namespace {

constexpr double kCutOff = 0.001;
// Sums of floating-point numbers depend on their order: each part takes every kParts-th image, in order,
// whatever thread does it, and parts are added up in order.
constexpr int64_t kParts = 16;

using Values = std::vector<ValueStatistics>;

Values empty_values(const Graph& graph) {
    Values values(graph.values.size());
    const auto prepare = [&](ValueId value) {
        const auto channels = static_cast<size_t>(graph.values[value].shape.channels);
        values[value].sums.assign(channels, 0);
        values[value].squares.assign(channels, 0);
        values[value].minimum = std::numeric_limits<float>::infinity();
        values[value].maximum = -std::numeric_limits<float>::infinity();
    };
    prepare(graph.input);
    for (const Node& node : graph.nodes) prepare(node.output);
    return values;
}

struct PlaneSums {
    double sum = 0, squares = 0;
    float minimum = 0, maximum = 0;
};

// In independent lanes, which the compiler makes vectors of: one chain of additions takes several times as
// long.
PlaneSums sums_of(std::span<const float> plane) {
    constexpr size_t kLanes = 8;
    double sums[kLanes] = {}, squares[kLanes] = {};
    float lows[kLanes], highs[kLanes];
    std::fill_n(lows, kLanes, plane[0]);
    std::fill_n(highs, kLanes, plane[0]);
    const auto take = [&](size_t lane, float number) {
        sums[lane] += number;
        squares[lane] += double{number} * number;
        lows[lane] = number < lows[lane] ? number : lows[lane];
        highs[lane] = number > highs[lane] ? number : highs[lane];
    };
    size_t index = 0;
    for (; index + kLanes <= plane.size(); index += kLanes) {
        for (size_t lane = 0; lane < kLanes; ++lane) take(lane, plane[index + lane]);
    }
    for (; index < plane.size(); ++index) take(index % kLanes, plane[index]);
    return {std::accumulate(sums, sums + kLanes, 0.0), std::accumulate(squares, squares + kLanes, 0.0),
            *std::min_element(lows, lows + kLanes), *std::max_element(highs, highs + kLanes)};
}

void add_plane(std::span<const float> plane, size_t channel, ValueStatistics& statistics,
               ActivationHistogram& histogram) {
    const PlaneSums sums = sums_of(plane);
    // Squares of finite floats never leave the range of double.
    if (!std::isfinite(sums.squares)) {
        std::vector<float> finite;
        std::copy_if(plane.begin(), plane.end(), std::back_inserter(finite),
                     [](float number) { return std::isfinite(number); });
        statistics.not_finite += static_cast<int64_t>(plane.size() - finite.size());
        if (!finite.empty()) add_plane(finite, channel, statistics, histogram);
        return;
    }
    statistics.sums[channel] += sums.sum;
    statistics.squares[channel] += sums.squares;
    statistics.minimum = std::min(statistics.minimum, sums.minimum);
    statistics.maximum = std::max(statistics.maximum, sums.maximum);
    histogram.add(plane);
}

void add_numbers(std::span<const float> data, ValueStatistics& statistics, ActivationHistogram& histogram) {
    const size_t channels = statistics.sums.size(), plane = data.size() / channels;
    for (size_t channel = 0; channel < channels; ++channel) {
        add_plane(data.subspan(channel * plane, plane), channel, statistics, histogram);
    }
    statistics.numbers_per_channel += static_cast<int64_t>(plane);
    statistics.count += static_cast<int64_t>(data.size());
}

int holds(const Range& range, float number) {
    return static_cast<int>(number >= range.low) & static_cast<int>(number <= range.high);
}

void count_in_bounds(std::span<const float> data, const ActivationBounds& bounds, BoundsCounts& counts) {
    // Narrow counters within a chunk vectorize; comparisons with what is no number fail.
    constexpr size_t kChunk = 4096;
    double clipped = 0;
    for (size_t start = 0; start < data.size(); start += kChunk) {
        const auto chunk = data.subspan(start, std::min(kChunk, data.size() - start));
        int32_t in_extremes = 0, in_quantiles = 0, in_levels = 0;
        for (const float number : chunk) {
            in_extremes += holds(bounds.extremes, number);
            in_quantiles += holds(bounds.quantiles, number);
            in_levels += holds(bounds.levels, number);
        }
        counts.in_extremes += in_extremes;
        counts.in_quantiles += in_quantiles;
        counts.in_levels += in_levels;
        if (in_levels == static_cast<int32_t>(chunk.size())) continue;
        for (const float number : chunk) {
            if (!std::isfinite(number)) continue;
            const double lost = double{number} - std::clamp(number, bounds.levels.low, bounds.levels.high);
            clipped += lost * lost;
        }
    }
    counts.clipped_squares += clipped;
}

void merge(ValueStatistics& total, const ValueStatistics& part) {
    total.count += part.count;
    total.not_finite += part.not_finite;
    total.numbers_per_channel += part.numbers_per_channel;
    total.minimum = std::min(total.minimum, part.minimum);
    total.maximum = std::max(total.maximum, part.maximum);
    for (size_t channel = 0; channel < total.sums.size(); ++channel) {
        total.sums[channel] += part.sums[channel];
        total.squares[channel] += part.squares[channel];
    }
    total.histogram.merge(part.histogram);
    total.bounds.in_extremes += part.bounds.in_extremes;
    total.bounds.in_quantiles += part.bounds.in_quantiles;
    total.bounds.in_levels += part.bounds.in_levels;
    total.bounds.clipped_squares += part.bounds.clipped_squares;
}

// What one thread needs to run images.
struct Desk {
    std::shared_ptr<FloatExecutor::Workspace> workspace;
    std::vector<float> input;
    std::vector<ActivationHistogram> histograms;  // counts: whoever adds them up, they are the same
};

}  // namespace

double ValueStatistics::mean(size_t channel) const {
    return numbers_per_channel > 0 ? sums[channel] / static_cast<double>(numbers_per_channel) : 0;
}

double ValueStatistics::standard_deviation(size_t channel) const {
    if (numbers_per_channel == 0) return 0;
    const double average = mean(channel);
    const double variance = squares[channel] / static_cast<double>(numbers_per_channel) - average * average;
    return std::sqrt(std::max(0.0, variance));
}

std::vector<ActivationBounds> ActivationStatistics::bounds() const {
    std::vector<ActivationBounds> list;
    for (const ValueStatistics& value : values) {
        ActivationBounds bounds;
        if (value.count > 0) {
            bounds.extremes = {value.minimum, value.maximum};
            const auto inside = [&](double fraction) {
                return std::clamp(value.histogram.quantile(fraction), value.minimum, value.maximum);
            };
            bounds.quantiles = {inside(kCutOff), inside(1 - kCutOff)};
            bounds.levels = {std::min(0.0f, value.minimum), std::max(0.0f, value.maximum)};
        }
        list.push_back(bounds);
    }
    return list;
}

ActivationStatistics measure_activations(const Graph& graph, const ImageSource& source, int64_t count,
                                         const ActivationMeasurement& measurement, ThreadPool& pool,
                                         Progress& progress) {
    const FloatExecutor executor(graph);
    const auto size = static_cast<size_t>(graph.embedding_size());
    ActivationStatistics result;
    result.images = count;
    result.embeddings.resize(static_cast<size_t>(count) * size);
    std::vector<Values> parts(kParts, empty_values(graph));
    std::vector<Desk> desks(static_cast<size_t>(pool.size()));
    const auto run_image = [&](int64_t index, Values& values, Desk& desk) {
        const Image image = source.image(index);
        if (measurement.on_image) measurement.on_image(index, image);
        to_network_input({image.rgb.data(), image.height, image.width}, graph.input_spec, desk.input);
        const std::span<float> embedding(result.embeddings.data() + static_cast<size_t>(index) * size, size);
        executor.run(desk.input, embedding, *desk.workspace, [&](ValueId value, std::span<const float> data) {
            add_numbers(data, values[value], desk.histograms[value]);
            if (!measurement.bounds.empty())
                count_in_bounds(data, measurement.bounds[value], values[value].bounds);
        });
    };
    progress.start(measurement.label, count);
    pool.parallel_for(kParts, [&](int64_t part, int thread) {
        Desk& desk = desks[static_cast<size_t>(thread)];
        if (!desk.workspace) {
            desk.workspace = executor.make_workspace();
            desk.input.resize(static_cast<size_t>(graph.values[graph.input].shape.size()));
            desk.histograms.resize(graph.values.size());
        }
        for (int64_t index = part; index < count; index += kParts) {
            if (progress.stop_requested()) fail_work("interrupted");
            run_image(index, parts[static_cast<size_t>(part)], desk);
            progress.advance(1);
        }
    });
    progress.finish();
    result.values = empty_values(graph);
    for (size_t value = 0; value < result.values.size(); ++value) {
        ValueStatistics& total = result.values[value];
        for (const Values& part : parts) merge(total, part[value]);
        for (const Desk& desk : desks) {
            if (!desk.histograms.empty()) total.histogram.merge(desk.histograms[value]);
        }
        total.count -= total.not_finite;
    }
    return result;
}

}  // namespace quantface
