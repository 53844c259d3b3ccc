#include "quantize/preparation.h"

#include <algorithm>

#include "base/error.h"
#include "quantize/bit_allocation.h"
#include "quantize/channel_statistics.h"
#include "quantize/embedding_agreement.h"

namespace quantface {

namespace {

std::vector<bool> quantized_values(const Graph& graph, const std::vector<FusedNode>& plan) {
    std::vector<bool> quantized(graph.values.size(), false);
    for (const FusedNode& fused : plan) {
        for (const FusedOutput& output : fused.outputs) quantized[output.value] = true;
    }
    return quantized;
}

// The first images to judge on and the next ones to calibrate on; a source too small for both is split.
void load_images(const ImageSource& source, const PostTrainingOptions& options, ThreadPool& pool,
                 Progress& progress, Preparation& prepared) {
    const InputSpec& spec = prepared.graph.input_spec;
    prepared.held_out_count = options.held_out_images;
    if (const auto size = source.size()) {
        if (*size < 2) fail_bad_input(source.description() + ": at least 2 images are needed");
        if (*size < options.images + prepared.held_out_count) {
            prepared.held_out_count =
                std::clamp<int64_t>(options.held_out_images, 1, std::max<int64_t>(1, *size / 5));
        }
    }
    prepared.held_out = load_calibration_images(source, spec, 0, prepared.held_out_count, pool, progress);
    prepared.calibration =
        load_calibration_images(source, spec, prepared.held_out_count, options.images, pool, progress);
}

void equalize(const PostTrainingOptions& options, ThreadPool& pool, Progress& progress,
              Preparation& prepared) {
    const bool skipped = std::find(options.skip_passes.begin(), options.skip_passes.end(), "equalize") !=
                         options.skip_passes.end();
    if (!options.equalization || skipped) return;
    const Graph before = prepared.graph;
    const ChannelMagnitudes magnitudes =
        measure_channel_magnitudes(prepared.graph, prepared.calibration, pool, progress);
    const int groups =
        equalize_channels(prepared.graph, magnitudes, quantized_values(prepared.graph, prepared.plan),
                          options.equalization_strength);
    const double difference = largest_embedding_difference(before, prepared.graph);
    QF_CHECK(difference < kPassTolerance);
    prepared.passes.push_back({"equalize", groups, difference});
}

}  // namespace

Preparation prepare(const Graph& teacher, const ImageSource& source, const PostTrainingOptions& options,
                    ThreadPool& pool, Progress& progress) {
    check_options(options);
    Preparation prepared;
    prepared.graph = teacher;
    prepared.passes = run_verified_passes(prepared.graph, options.skip_passes);
    prepared.plan = plan_fusion(prepared.graph);
    load_images(source, options, pool, progress, prepared);
    equalize(options, pool, progress, prepared);
    prepared.held_out_embeddings = float_embeddings(prepared.graph, prepared.held_out, pool);
    prepared.bits = plan_bits(prepared.graph, prepared.plan, options);
    if (options.target_bytes || options.target_bits) allocate_bits(options, pool, progress, prepared);
    return prepared;
}

LayerwiseOptions layerwise_options(const PostTrainingOptions& options, ObserverKind observer,
                                   bool weight_compensation) {
    return {observer, options.range_margin, options.bias_correction, weight_compensation,
            options.asymmetric_weights ? WeightGrid::kAsymmetric : WeightGrid::kSymmetric};
}

CalibratedNetwork calibrate(const Preparation& prepared, const PostTrainingOptions& options,
                            ObserverKind observer, bool weight_compensation, ThreadPool& pool,
                            Progress& progress) {
    CalibratedNetwork network;
    network.observer = observer;
    network.weight_compensation = weight_compensation;
    network.quantized =
        quantize_layerwise(prepared.graph, prepared.plan, prepared.bits, prepared.calibration,
                           layerwise_options(options, observer, weight_compensation), pool, progress);
    network.model = lower_to_integer(prepared.graph, prepared.plan, network.quantized);
    network.held_out_cosine =
        mean_cosine(prepared.held_out_embeddings, integer_embeddings(network.model, prepared.held_out, pool),
                    static_cast<size_t>(prepared.graph.embedding_size()));
    return network;
}

CalibratedNetwork calibrate_best(const Preparation& prepared, const PostTrainingOptions& options,
                                 std::span<const ObserverKind> observers, bool weight_compensation,
                                 ThreadPool& pool, Progress& progress) {
    if (options.observer) {
        return calibrate(prepared, options, *options.observer, weight_compensation, pool, progress);
    }
    CalibratedNetwork best;
    for (const ObserverKind observer : observers) {
        CalibratedNetwork candidate =
            calibrate(prepared, options, observer, weight_compensation, pool, progress);
        if (best.quantized.values.empty() || candidate.held_out_cosine > best.held_out_cosine) {
            best = std::move(candidate);
        }
    }
    return best;
}

}  // namespace quantface
