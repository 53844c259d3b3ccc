#include "quantize/mixed_widths.h"

#include <algorithm>

#include "quantize/embedding_agreement.h"
#include "quantize/fake_quantized_graph.h"

namespace quantface {

namespace {

constexpr int64_t kImages = 96;
constexpr int64_t kFewestImages = 4;
// Multiply-accumulates that measuring every layer twice may take, about: five minutes on one slow core.
constexpr double kWork = 1e13;

int64_t affordable_images(const Graph& graph, size_t layers) {
    const double work = static_cast<double>(multiply_accumulates(graph)) * 2 *
                        static_cast<double>(std::max<size_t>(layers, 1));
    return std::clamp(static_cast<int64_t>(kWork / std::max(work, 1.0)), kFewestImages, kImages);
}

}  // namespace

MixedWidths::MixedWidths(const Preparation& prepared, const PostTrainingOptions& options,
                         std::vector<int> nodes, ThreadPool& pool, Progress& progress)
    : graph_(prepared.graph), mixed_(prepared.graph), nodes_(std::move(nodes)), pool_(pool) {
    const bool compensated = options.weight_compensation.value_or(true);
    widths_ =
        round_at_every_width(prepared.graph, prepared.plan, prepared.calibration,
                             layerwise_options(options, ObserverKind::kMinMax, compensated), pool, progress);
    // Compensated weights know the calibration images too well to be judged on them.
    images_ = first_images(compensated ? prepared.held_out : prepared.calibration,
                           affordable_images(graph_, nodes_.size()));
    wanted_ = float_embeddings(graph_, images_, pool_);
    for (const auto& [node, conv] : widths_) {
        set_quantized_weights(graph_, node, conv[prepared.bits.weight_bits[node]], mixed_);
    }
    current_.assign(nodes_.size(), 0);
}

double MixedWidths::loss(const Bits& bits) {
    for (size_t i = 0; i < bits.size(); ++i) {
        if (bits[i] == current_[i]) continue;
        set_quantized_weights(graph_, nodes_[i], widths_.at(nodes_[i])[bits[i]], mixed_);
        current_[i] = bits[i];
    }
    return 1 - mean_cosine(wanted_, float_embeddings(mixed_, images_, pool_),
                           static_cast<size_t>(graph_.embedding_size()));
}

}  // namespace quantface
