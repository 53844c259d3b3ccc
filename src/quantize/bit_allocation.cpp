#include "quantize/bit_allocation.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "formats/qfm.h"
#include "numerics/bit_packing.h"
#include "quantize/embedding_agreement.h"
#include "quantize/weight_rounding.h"

namespace quantface {

namespace {

constexpr int kWidestMeasured = 4;
constexpr int64_t kImages = 32;
constexpr int64_t kFewestImages = 4;
// Multiply-accumulates that measuring may take, about: a quarter of an hour on one slow core.
constexpr double kWork = 2e13;

// What the program adds to the model's record after this was computed: names, seeds, a run's numbers.
constexpr uint64_t kRoomForRecord = 4096;

// The convolution's weights rounded to the nearest of so many bits, and back.
void round_weights(ConvOp& conv, int bits, WeightGrid grid) {
    const Eigen::Index outputs = conv.weight.dims[0];
    const auto columns = static_cast<Eigen::Index>(conv.weight.element_count() / conv.weight.dims[0]);
    const Matrix weight = Eigen::Map<const Matrix>(conv.weight.data.data(), outputs, columns);
    const RoundedWeights rounded = round_to_nearest(weight, bits, grid);
    for (size_t index = 0; index < conv.weight.data.size(); ++index) {
        const size_t row = index / static_cast<size_t>(columns);
        const int32_t zero_point = rounded.zero_point.empty() ? 0 : rounded.zero_point[row];
        conv.weight.data[index] = static_cast<float>(rounded.level[index] - zero_point) * rounded.scale[row];
    }
}

// A layer on its way up: the widths worth having, and where it stands.
struct Climb {
    std::vector<int> hull;  // widths, ascending, of falling savings per byte
    size_t at = 0;
};

uint64_t bytes_of(const LayerSensitivity& layer, int bits) {
    return packed_size_bytes(layer.weights, bits);
}

double saving_per_byte(const LayerSensitivity& layer, int from, int to) {
    const double bytes = static_cast<double>(bytes_of(layer, to) - bytes_of(layer, from));
    return bytes == 0 ? HUGE_VAL : (layer.loss[from] - layer.loss[to]) / bytes;
}

Climb lower_hull(const LayerSensitivity& layer) {
    Climb climb;
    for (int bits = kMinBits; bits <= kMaxBits; ++bits) {
        auto& hull = climb.hull;
        if (!hull.empty() && layer.loss[bits] >= layer.loss[hull.back()]) continue;
        while (hull.size() >= 2 && saving_per_byte(layer, hull.back(), bits) >=
                                       saving_per_byte(layer, hull[hull.size() - 2], hull.back())) {
            hull.pop_back();
        }
        hull.push_back(bits);
    }
    return climb;
}

std::vector<int> nodes_with_fixed_bits(const Preparation& prepared, const PostTrainingOptions& options) {
    std::vector<int> convs;
    for (const FusedNode& fused : prepared.plan) {
        if (std::holds_alternative<ConvOp>(prepared.graph.nodes[fused.node].op)) convs.push_back(fused.node);
    }
    if (!options.ends_bits || convs.empty()) return {};
    return {convs.front(), convs.back()};
}

// What the file takes beside the packed weights of `layers`, and the room for the record.
uint64_t bytes_of_the_rest(const Preparation& prepared, const PostTrainingOptions& options,
                           const std::vector<LayerSensitivity>& layers, ThreadPool& pool,
                           Progress& progress) {
    Preparation quick = prepared;
    constexpr size_t kFew = 2;
    quick.calibration.network_input.resize(std::min(kFew, quick.calibration.network_input.size()));
    quick.calibration.pixels.resize(quick.calibration.network_input.size());
    uint64_t weights = 0;
    for (const LayerSensitivity& layer : layers)
        weights += bytes_of(layer, prepared.bits.weight_bits[layer.node]);
    const CalibratedNetwork network = calibrate(quick, options, ObserverKind::kMinMax, false, pool, progress);
    return encode_qfm(network.model).size() - weights + kRoomForRecord;
}

}  // namespace

std::vector<LayerSensitivity> measure_sensitivity(const Preparation& prepared,
                                                  const PostTrainingOptions& options,
                                                  const std::vector<int>& fixed, ThreadPool& pool,
                                                  Progress& progress) {
    std::vector<LayerSensitivity> layers;
    for (const FusedNode& fused : prepared.plan) {
        const auto* conv = std::get_if<ConvOp>(&prepared.graph.nodes[fused.node].op);
        if (conv == nullptr || std::find(fixed.begin(), fixed.end(), fused.node) != fixed.end()) continue;
        LayerSensitivity layer;
        layer.node = fused.node;
        layer.weights = static_cast<uint64_t>(conv->weight.element_count());
        layers.push_back(layer);
    }
    const int widths = kWidestMeasured - kMinBits + 1;
    const double work_an_image = static_cast<double>(multiply_accumulates(prepared.graph)) *
                                 static_cast<double>(layers.size()) * widths;
    const auto affordable = static_cast<int64_t>(kWork / std::max(work_an_image, 1.0));
    CalibrationImages images = prepared.calibration;
    const auto count = std::min<size_t>(images.network_input.size(),
                                        static_cast<size_t>(std::clamp(affordable, kFewestImages, kImages)));
    images.network_input.resize(count);
    images.pixels.resize(count);

    const WeightGrid grid = options.asymmetric_weights ? WeightGrid::kAsymmetric : WeightGrid::kSymmetric;
    const std::vector<float> wanted = float_embeddings(prepared.graph, images, pool);
    const auto dimension = static_cast<size_t>(prepared.graph.embedding_size());
    progress.start("measuring layers", static_cast<int64_t>(layers.size()));
    Graph graph = prepared.graph;
    for (LayerSensitivity& layer : layers) {
        auto& conv = std::get<ConvOp>(graph.nodes[layer.node].op);
        const std::vector<float> original = conv.weight.data;
        for (int bits = kMinBits; bits <= kWidestMeasured; ++bits) {
            if (progress.stop_requested()) fail_work("interrupted");
            round_weights(conv, bits, grid);
            layer.loss[bits] = 1 - mean_cosine(wanted, float_embeddings(graph, images, pool), dimension);
            conv.weight.data = original;
        }
        for (int bits = kWidestMeasured + 1; bits <= kMaxBits; ++bits)
            layer.loss[bits] = layer.loss[bits - 1] / 4;
        progress.advance(1);
    }
    progress.finish();
    return layers;
}

std::vector<int> choose_bits(const std::vector<LayerSensitivity>& layers, uint64_t budget) {
    std::vector<Climb> climbs;
    uint64_t spent = 0;
    for (const LayerSensitivity& layer : layers) {
        climbs.push_back(lower_hull(layer));
        spent += bytes_of(layer, kMinBits);
    }
    if (spent > budget) return {};
    while (true) {
        size_t best = layers.size();
        double best_saving = -1;
        for (size_t i = 0; i < layers.size(); ++i) {
            const Climb& climb = climbs[i];
            if (climb.at + 1 == climb.hull.size()) continue;
            const int from = climb.hull[climb.at], to = climb.hull[climb.at + 1];
            if (spent + bytes_of(layers[i], to) - bytes_of(layers[i], from) > budget) continue;
            const double saving = saving_per_byte(layers[i], from, to);
            if (saving > best_saving) {
                best_saving = saving;
                best = i;
            }
        }
        if (best == layers.size()) break;
        Climb& climb = climbs[best];
        spent +=
            bytes_of(layers[best], climb.hull[climb.at + 1]) - bytes_of(layers[best], climb.hull[climb.at]);
        ++climb.at;
    }
    std::vector<int> bits;
    for (const Climb& climb : climbs) bits.push_back(climb.hull[climb.at]);
    return bits;
}

void allocate_bits(const PostTrainingOptions& options, ThreadPool& pool, Progress& progress,
                   Preparation& prepared) {
    const std::vector<LayerSensitivity> layers =
        measure_sensitivity(prepared, options, nodes_with_fixed_bits(prepared, options), pool, progress);
    uint64_t budget = 0, rest = 0;
    if (options.target_bytes) {
        rest = bytes_of_the_rest(prepared, options, layers, pool, progress);
        budget = *options.target_bytes > rest ? *options.target_bytes - rest : 0;
    } else {
        double weights = 0;
        for (const LayerSensitivity& layer : layers) weights += static_cast<double>(layer.weights);
        constexpr double kBitsInByte = 8;
        budget =
            static_cast<uint64_t>(std::ceil(*options.target_bits * weights / kBitsInByte)) + layers.size();
    }
    const std::vector<int> bits = choose_bits(layers, budget);
    if (bits.empty()) {
        uint64_t least = rest;
        for (const LayerSensitivity& layer : layers) least += bytes_of(layer, kMinBits);
        fail_usage("a file of " + std::to_string(*options.target_bytes) +
                   " bytes cannot be made of this network: 2 bits for every weight need about " +
                   std::to_string(least));
    }
    for (size_t i = 0; i < layers.size(); ++i) prepared.bits.weight_bits[layers[i].node] = bits[i];
}

}  // namespace quantface
