#include "cli/bench_layers.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "base/error.h"
#include "base/rng.h"
#include "cli/bench_measurement.h"
#include "kernels/peak/peak.h"
#include "runtime/integer_executor.h"

namespace quantface {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kLeastRounds = 5;

int64_t bytes_of(const IntegerModel& model, ValueId value) {
    const IntegerValue& of = model.values[value];
    return of.shape.size() * (of.is_float ? int64_t{sizeof(float)} : 1);
}

LayerTime describe(const IntegerModel& model, const IntegerExecutor& executor, size_t index) {
    const IntegerNode& node = model.nodes[index];
    LayerTime layer;
    layer.name = node.name;
    layer.op = op_name(node.op);
    layer.kernel = executor.node_kernel_name(index);
    layer.shape = model.values[outputs_of(node).front()].shape;
    layer.macs = multiply_accumulates(model, node);
    layer.bytes = static_cast<int64_t>(executor.node_weight_bytes(index));
    for (const ValueId input : node.inputs) layer.bytes += bytes_of(model, input);
    for (const ValueId output : outputs_of(node)) layer.bytes += bytes_of(model, output);
    const Epilogue* epilogue = epilogue_of(node);
    if (epilogue && epilogue->residual != kNoValue) layer.bytes += bytes_of(model, epilogue->residual);
    return layer;
}

}  // namespace

double LayerTimes::seconds() const {
    double sum = 0;
    for (const LayerTime& layer : layers) sum += layer.seconds;
    return sum;
}

int64_t LayerTimes::macs() const {
    int64_t sum = 0;
    for (const LayerTime& layer : layers) sum += layer.macs;
    return sum;
}

LayerTimes measure_layers(const IntegerModel& model, double seconds, Progress& progress) {
    const IntegerExecutor executor(model);
    LayerTimes result;
    result.instruction_set = executor.kernel_set_name();
    std::map<std::string, double> peaks;
    for (size_t index = 0; index < executor.node_count(); ++index) {
        LayerTime layer = describe(model, executor, index);
        const auto [peak, is_new] = peaks.try_emplace(layer.kernel);
        if (is_new) peak->second = measure_integer_peak(layer.kernel);
        layer.peak = peak->second;
        result.layers.push_back(std::move(layer));
    }

    Rng rng(1);
    std::vector<uint8_t> pixels(static_cast<size_t>(model.values[model.input].shape.size()));
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(rng.below(256));
    std::vector<float> embedding(static_cast<size_t>(model.embedding_size()));
    const auto workspace = executor.make_workspace();
    executor.run(pixels, embedding, *workspace);
    std::vector<std::vector<double>> times(executor.node_count());
    const auto start = Clock::now();
    while (times[0].size() < kLeastRounds ||
           std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
        if (progress.stop_requested()) fail_work("interrupted");
        // In their order, so that each finds in the caches what it would find there in a whole run.
        auto before = Clock::now();
        for (size_t index = 0; index < times.size(); ++index) {
            executor.run_node(index, pixels, embedding, *workspace);
            const auto after = Clock::now();
            times[index].push_back(std::chrono::duration<double>(after - before).count());
            before = after;
        }
    }
    for (size_t index = 0; index < times.size(); ++index) {
        std::sort(times[index].begin(), times[index].end());
        result.layers[index].seconds = percentile(times[index], 0.5);
    }
    return result;
}

}  // namespace quantface
