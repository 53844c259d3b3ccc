#include "quantize/bit_allocation.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "formats/qfm.h"
#include "numerics/bit_packing.h"
#include "quantize/mixed_widths.h"

namespace quantface {

namespace {

constexpr int kRounds = 8;
// A round that takes away less than this part of the loss was the last.
constexpr double kLeastGain = 0.01;

// For the model's record, which is written after the size was decided: names, seeds, a run's numbers.
constexpr uint64_t kRoomForRecord = 2048;
constexpr int kSizeCorrections = 3;

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
    for (int bits = layer.least_bits; bits <= layer.greatest_bits; ++bits) {
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

uint64_t total_bytes(const std::vector<LayerSensitivity>& layers, const Bits& bits) {
    uint64_t total = 0;
    for (size_t i = 0; i < layers.size(); ++i) total += bytes_of(layers[i], bits[i]);
    return total;
}

std::vector<LayerSensitivity> layers_to_choose_for(const Preparation& prepared,
                                                   const PostTrainingOptions& options) {
    const std::vector<int> fixed = nodes_with_fixed_bits(prepared, options);
    std::vector<LayerSensitivity> layers;
    for (const FusedNode& fused : prepared.plan) {
        const auto* conv = std::get_if<ConvOp>(&prepared.graph.nodes[fused.node].op);
        if (conv == nullptr || std::find(fixed.begin(), fixed.end(), fused.node) != fixed.end()) continue;
        LayerSensitivity layer;
        layer.node = fused.node;
        layer.weights = static_cast<uint64_t>(conv->weight.element_count());
        layers.push_back(layer);
    }
    return layers;
}

std::vector<int> nodes_of(const std::vector<LayerSensitivity>& layers) {
    std::vector<int> nodes;
    for (const LayerSensitivity& layer : layers) nodes.push_back(layer.node);
    return nodes;
}

// Fills each layer's losses one bit around `bits`, as differences from `loss`, the whole's at `bits`.
void measure_around(const Bits& bits, double loss, MixedWidths& network, Progress& progress,
                    std::vector<LayerSensitivity>& layers) {
    progress.start("measuring layers", static_cast<int64_t>(layers.size()));
    for (size_t i = 0; i < layers.size(); ++i) {
        LayerSensitivity& layer = layers[i];
        layer.least_bits = std::max(kMinBits, bits[i] - 1);
        layer.greatest_bits = std::min(kMaxBits, bits[i] + 1);
        for (int width = layer.least_bits; width <= layer.greatest_bits; ++width) {
            if (progress.stop_requested()) fail_work("interrupted");
            Bits changed = bits;
            changed[i] = width;
            layer.loss[width] = width == bits[i] ? 0 : network.loss(changed) - loss;
        }
        progress.advance(1);
    }
    progress.finish();
}

// Losses that add up promise too much when many layers change at once: what is lost counts so many times as
// much, what is gained so much less.
std::vector<LayerSensitivity> distrusted(std::vector<LayerSensitivity> layers, double factor) {
    for (LayerSensitivity& layer : layers) {
        for (double& difference : layer.loss) difference *= difference > 0 ? factor : 1 / factor;
    }
    return layers;
}

// Bits within the budget, and what the whole loses with them.
struct Choice {
    Bits bits;
    double loss = HUGE_VAL;
};

// One layer's width one more or one less.
struct Change {
    size_t layer = 0;
    double loss_per_byte =
        0;  // by how much the whole's loss rises for each byte gained, or falls for each spent
};

// The changes that promise most first.
std::vector<Change> changes(const std::vector<LayerSensitivity>& layers, const Bits& bits, int direction) {
    std::vector<Change> changes;
    for (size_t i = 0; i < layers.size(); ++i) {
        const int width = bits[i] + direction;
        if (width < kMinBits || width > kMaxBits) continue;
        changes.push_back(
            {i, saving_per_byte(layers[i], std::min(width, bits[i]), std::max(width, bits[i]))});
    }
    std::stable_sort(changes.begin(), changes.end(), [&](const Change& a, const Change& b) {
        return direction > 0 ? a.loss_per_byte > b.loss_per_byte : a.loss_per_byte < b.loss_per_byte;
    });
    return changes;
}

// One layer up and as many down as that takes; or one down and as many up as that allows.
void exchange(MixedWidths& network, uint64_t budget, const std::vector<LayerSensitivity>& layers,
              Choice& best, Progress& progress) {
    constexpr size_t kTried = 16;  // of each kind
    const Bits start = best.bits;
    const std::vector<Change> up = changes(layers, start, 1), down = changes(layers, start, -1);
    const auto unchanged = [&](const Bits& bits, size_t layer) { return bits[layer] == start[layer]; };
    const auto try_bits = [&](const Bits& bits) {
        if (progress.stop_requested()) fail_work("interrupted");
        if (total_bytes(layers, bits) > budget) return;
        const double loss = network.loss(bits);
        if (loss < best.loss) best = {bits, loss};
    };
    for (size_t i = 0; i < std::min(kTried, up.size()); ++i) {
        Bits bits = best.bits;
        if (!unchanged(bits, up[i].layer)) continue;
        ++bits[up[i].layer];
        for (const Change& change : down) {
            if (total_bytes(layers, bits) <= budget) break;
            if (unchanged(bits, change.layer)) --bits[change.layer];
        }
        try_bits(bits);
    }
    for (size_t i = 0; i < std::min(kTried, down.size()); ++i) {
        Bits bits = best.bits;
        if (!unchanged(bits, down[i].layer)) continue;
        --bits[down[i].layer];
        for (const Change& change : up) {
            if (!unchanged(bits, change.layer)) continue;
            ++bits[change.layer];
            if (total_bytes(layers, bits) > budget) --bits[change.layer];
        }
        try_bits(bits);
    }
}

// Begins at `bits`, which may take more than the budget if one bit less for each layer does not.
Bits search(MixedWidths& network, uint64_t budget, const Bits& bits, std::vector<LayerSensitivity> layers,
            Progress& progress) {
    Choice best{bits, network.loss(bits)};
    for (int round = 0; round < kRounds; ++round) {
        const Choice before = best;
        measure_around(before.bits, before.loss, network, progress, layers);
        if (total_bytes(layers, best.bits) > budget) best.loss = HUGE_VAL;
        for (const double factor : {1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) {
            const Bits candidate = choose_bits(distrusted(layers, factor), budget);
            if (candidate.empty()) break;
            const double loss = network.loss(candidate);
            if (loss < best.loss) best = {candidate, loss};
        }
        if (best.bits == before.bits) exchange(network, budget, layers, best, progress);
        if (best.bits == before.bits) break;
        if (best.loss > (1 - kLeastGain) * before.loss && best.loss <= before.loss) break;
    }
    return best.bits;
}

// What the file takes beside the packed weights of `layers`, and the room for the record.
uint64_t bytes_of_the_rest(const Preparation& prepared, const PostTrainingOptions& options,
                           const std::vector<LayerSensitivity>& layers, const Bits& bits, ThreadPool& pool) {
    constexpr int64_t kFew = 2;
    Preparation quick = prepared;
    quick.calibration = first_images(prepared.calibration, kFew);
    for (size_t i = 0; i < layers.size(); ++i) quick.bits.weight_bits[layers[i].node] = bits[i];
    SilentProgress silent;
    const CalibratedNetwork network = calibrate(quick, options, ObserverKind::kMinMax, false, pool, silent);
    return encode_qfm(network.model).size() - total_bytes(layers, bits) + kRoomForRecord;
}

// The greatest width that fits everywhere; 0: none does.
int greatest_uniform_width(const std::vector<LayerSensitivity>& layers, uint64_t budget) {
    for (int width = kMaxBits; width >= kMinBits; --width) {
        if (total_bytes(layers, Bits(layers.size(), width)) <= budget) return width;
    }
    return 0;
}

uint64_t bytes_of_mean_bits(const std::vector<LayerSensitivity>& layers, double bits) {
    double weights = 0;
    for (const LayerSensitivity& layer : layers) weights += static_cast<double>(layer.weights);
    constexpr double kBitsInByte = 8;
    // Each layer's last byte may be a part of one.
    return static_cast<uint64_t>(std::ceil(bits * weights / kBitsInByte)) + layers.size();
}

// Bits for a file of target_bytes. What is not weights depends on the bits a little: found out by trying.
Bits bits_for_file_size(const Preparation& prepared, const PostTrainingOptions& options,
                        const std::vector<LayerSensitivity>& layers, ThreadPool& pool, Progress& progress) {
    const uint64_t target = *options.target_bytes;
    Bits bits(layers.size(), kMaxBits);
    std::optional<MixedWidths> network;
    for (int attempt = 0; attempt < kSizeCorrections; ++attempt) {
        const uint64_t rest = bytes_of_the_rest(prepared, options, layers, bits, pool);
        const uint64_t budget = target > rest ? target - rest : 0;
        const int uniform = greatest_uniform_width(layers, budget);
        if (uniform == 0) {
            const uint64_t least = rest + total_bytes(layers, Bits(layers.size(), kMinBits));
            fail_usage("a file of " + std::to_string(target) +
                       " bytes cannot be made of this network: 2 bits for every weight need about " +
                       std::to_string(least));
        }
        if (!network) {
            network.emplace(prepared, options, nodes_of(layers), pool, progress);
            bits.assign(layers.size(), uniform);
        } else {
            const uint64_t spent = total_bytes(layers, bits);
            constexpr uint64_t kCloseEnough = 500;  // a part of the budget
            if (spent <= budget && budget - spent <= budget / kCloseEnough) break;
        }
        bits = search(*network, budget, bits, layers, progress);
    }
    return bits;
}

}  // namespace

std::vector<int> choose_bits(const std::vector<LayerSensitivity>& layers, uint64_t budget) {
    std::vector<Climb> climbs;
    uint64_t spent = 0;
    for (const LayerSensitivity& layer : layers) {
        climbs.push_back(lower_hull(layer));
        spent += bytes_of(layer, layer.least_bits);
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
    const std::vector<LayerSensitivity> layers = layers_to_choose_for(prepared, options);
    Bits bits;
    if (options.target_bytes) {
        bits = bits_for_file_size(prepared, options, layers, pool, progress);
    } else {
        const uint64_t budget = bytes_of_mean_bits(layers, *options.target_bits);
        MixedWidths network(prepared, options, nodes_of(layers), pool, progress);
        bits = search(network, budget, Bits(layers.size(), greatest_uniform_width(layers, budget)), layers,
                      progress);
    }
    for (size_t i = 0; i < layers.size(); ++i) prepared.bits.weight_bits[layers[i].node] = bits[i];
}

}  // namespace quantface
