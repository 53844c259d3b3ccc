#include "train/starting_point.h"

#include <algorithm>

#include "base/error.h"
#include "quantize/channel_statistics.h"
#include "quantize/embedding_agreement.h"
#include "quantize/layerwise.h"
#include "quantize/pass_verification.h"

namespace quantface {

PreparedStart prepare_start(const Graph& teacher, const ImageSource& source, const PostTrainingOptions& options,
                            ThreadPool& pool, Progress& progress) {
    check_options(options);
    PreparedStart prepared;
    prepared.graph = teacher;
    run_verified_passes(prepared.graph, options.skip_passes);
    prepared.plan = plan_fusion(prepared.graph);
    const InputSpec& spec = teacher.input_spec;

    prepared.held_out_count = options.held_out_images;
    if (const auto size = source.size()) {
        if (*size < 4) fail_bad_input(source.description() + ": training needs at least 4 images");
        prepared.held_out_count = std::clamp<int64_t>(options.held_out_images, 1, std::max<int64_t>(1, *size / 5));
    }
    prepared.held_out = load_calibration_images(source, spec, 0, prepared.held_out_count, pool, progress);
    const CalibrationImages calibration =
        load_calibration_images(source, spec, prepared.held_out_count, options.images, pool, progress);

    if (options.equalization) {
        std::vector<bool> quantized(prepared.graph.values.size(), false);
        for (const FusedNode& fused : prepared.plan) {
            for (const FusedOutput& output : fused.outputs) quantized[output.value] = true;
        }
        const ChannelMagnitudes magnitudes = measure_channel_magnitudes(prepared.graph, calibration, pool, progress);
        equalize_channels(prepared.graph, magnitudes, quantized, options.equalization_strength);
    }
    prepared.held_out_embeddings = float_embeddings(prepared.graph, prepared.held_out, pool);

    const BitPlan bits = plan_bits(prepared.graph, prepared.plan, options);
    std::vector<ObserverKind> observers = {ObserverKind::kPercentile, ObserverKind::kMovingAverage};
    if (options.observer) observers = {*options.observer};
    prepared.start_cosine = -2;
    for (const ObserverKind observer : observers) {
        const LayerwiseOptions layerwise{observer, options.range_margin, options.bias_correction,
                                         options.weight_compensation.value_or(false)};
        QuantizedGraph quantized =
            quantize_layerwise(prepared.graph, prepared.plan, bits, calibration, layerwise, pool, progress);
        const IntegerModel model = lower_to_integer(prepared.graph, prepared.plan, quantized);
        const double cosine =
            mean_cosine(prepared.held_out_embeddings, integer_embeddings(model, prepared.held_out, pool),
                        static_cast<size_t>(prepared.graph.embedding_size()));
        if (cosine <= prepared.start_cosine) continue;
        prepared.start_cosine = cosine;
        prepared.observer = observer;
        prepared.start = std::move(quantized);
    }
    return prepared;
}

}  // namespace quantface
