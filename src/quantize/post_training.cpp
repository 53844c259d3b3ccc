#include "quantize/post_training.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "quantize/channel_statistics.h"
#include "quantize/embedding_agreement.h"
#include "quantize/fusion.h"
#include "quantize/integer_lowering.h"
#include "quantize/layerwise.h"

namespace quantface {

namespace {

void check_bits(int bits, const char* what) {
    if (bits < kMinBits || bits > kMaxBits) {
        fail_usage(std::string(what) + " must have 2 to 8 bits, not " + std::to_string(bits));
    }
}

bool skipped(const PostTrainingOptions& options, const char* name) {
    return std::find(options.skip_passes.begin(), options.skip_passes.end(), name) !=
           options.skip_passes.end();
}

std::vector<bool> quantized_values(const Graph& graph, const std::vector<FusedNode>& plan) {
    std::vector<bool> quantized(graph.values.size(), false);
    for (const FusedNode& fused : plan) {
        for (const FusedOutput& output : fused.outputs) quantized[output.value] = true;
    }
    return quantized;
}

// The first images to calibrate on and the next ones to judge on; a source too small for both is split.
struct Split {
    CalibrationImages calibration, held_out;
};
Split split_images(const ImageSource& source, const InputSpec& spec, const PostTrainingOptions& options,
                   ThreadPool& pool, Progress& progress) {
    int64_t calibration = options.images, held_out = options.held_out_images;
    if (const auto size = source.size()) {
        if (*size < 2) fail_bad_input(source.description() + ": at least 2 images are needed");
        if (*size < calibration + held_out) {
            held_out = std::max<int64_t>(1, std::min<int64_t>(held_out, *size / 5));
            calibration = *size - held_out;
        }
    }
    return {load_calibration_images(source, spec, 0, calibration, pool, progress),
            load_calibration_images(source, spec, calibration, held_out, pool, progress)};
}

// What the model file keeps of how it was made.
std::string make_record(const PostTrainingOptions& options, const PostTrainingResult& result,
                        bool compensation, const ImageSource& source, const Split& images) {
    nlohmann::ordered_json record = {
        {"method", "post-training"},
        {"weight_bits", options.weight_bits},
        {"activation_bits", options.activation_bits},
        {"data", source.description()},
        {"images", images.calibration.pixels.size()},
        {"observer", observer_name(result.observer)},
        {"range_margin", options.range_margin},
        {"bias_correction", options.bias_correction},
        {"weight_compensation", compensation},
        {"asymmetric_weights", options.asymmetric_weights},
        {"equalization_strength", options.equalization_strength},
        {"held_out_images", images.held_out.pixels.size()},
        {"held_out_cosine", result.held_out_cosine},
    };
    if (options.ends_bits) record["ends_bits"] = *options.ends_bits;
    if (options.residual_bits) record["residual_bits"] = *options.residual_bits;
    for (const PassReport& pass : result.passes) record["passes"].push_back(pass.name);
    return record.dump();
}

}  // namespace

void check_options(const PostTrainingOptions& options) {
    check_bits(options.weight_bits, "weights");
    check_bits(options.activation_bits, "activations");
    if (options.ends_bits) check_bits(*options.ends_bits, "ends");
    if (options.residual_bits) check_bits(*options.residual_bits, "the residual stream");
    if (options.images < 2) fail_usage("calibration needs at least 2 images");
    if (options.held_out_images < 1) fail_usage("judging needs at least 1 held-out image");
    if (!(options.equalization_strength >= 0 && options.equalization_strength <= 1)) {
        fail_usage("the strength of equalization lies between 0 and 1");
    }
    if (!(options.range_margin >= 1 && options.range_margin <= 10)) {
        fail_usage("the margin of ranges lies between 1 and 10");
    }
    check_pass_names(options.skip_passes);
}

BitPlan plan_bits(const Graph& graph, const std::vector<FusedNode>& plan,
                  const PostTrainingOptions& options) {
    BitPlan bits;
    bits.weight_bits.assign(graph.nodes.size(), options.weight_bits);
    bits.activation_bits.assign(graph.values.size(), options.activation_bits);
    if (options.residual_bits) {
        const std::vector<bool> on_stream = residual_stream_values(graph, plan);
        for (size_t value = 0; value < on_stream.size(); ++value) {
            if (on_stream[value]) bits.activation_bits[value] = *options.residual_bits;
        }
    }
    if (!options.ends_bits) return bits;
    int first = -1, last = -1;
    for (const FusedNode& fused : plan) {
        if (!std::holds_alternative<ConvOp>(graph.nodes[fused.node].op)) continue;
        if (first < 0) first = fused.node;
        last = fused.node;
    }
    if (first >= 0) {
        bits.weight_bits[first] = bits.weight_bits[last] = *options.ends_bits;
        bits.activation_bits[graph.nodes[last].inputs[0]] = *options.ends_bits;
    }
    return bits;
}

PostTrainingResult quantize_post_training(const Graph& teacher, const ImageSource& source,
                                          const PostTrainingOptions& options, ThreadPool& pool,
                                          Progress& progress) {
    check_options(options);
    PostTrainingResult result;
    Graph graph = teacher;
    result.passes = run_verified_passes(graph, options.skip_passes);
    std::vector<FusedNode> plan = plan_fusion(graph);
    const Split images = split_images(source, graph.input_spec, options, pool, progress);

    if (options.equalization && !skipped(options, "equalize")) {
        const Graph before = graph;
        const ChannelMagnitudes magnitudes =
            measure_channel_magnitudes(graph, images.calibration, pool, progress);
        const int groups = equalize_channels(graph, magnitudes, quantized_values(graph, plan),
                                             options.equalization_strength);
        const double difference = largest_embedding_difference(before, graph);
        QF_CHECK(difference < kPassTolerance);
        result.passes.push_back({"equalize", groups, difference});
    }

    const BitPlan bits = plan_bits(graph, plan, options);
    const std::vector<float> wanted = float_embeddings(graph, images.held_out, pool);
    std::vector<ObserverKind> observers(all_observers().begin(), all_observers().end());
    if (options.observer) observers = {*options.observer};
    QuantizedGraph best;
    bool best_compensation = false;
    const auto attempt = [&](ObserverKind observer, bool compensation) {
        const LayerwiseOptions layerwise{
            observer, options.range_margin, options.bias_correction, compensation,
            options.asymmetric_weights ? WeightGrid::kAsymmetric : WeightGrid::kSymmetric};
        QuantizedGraph quantized =
            quantize_layerwise(graph, plan, bits, images.calibration, layerwise, pool, progress);
        IntegerModel model = lower_to_integer(graph, plan, quantized);
        const double cosine = mean_cosine(wanted, integer_embeddings(model, images.held_out, pool),
                                          static_cast<size_t>(graph.embedding_size()));
        if (!best.values.empty() && cosine <= result.held_out_cosine) return;
        result.held_out_cosine = cosine;
        result.observer = observer;
        result.model = std::move(model);
        best = std::move(quantized);
        best_compensation = compensation;
    };
    for (const ObserverKind observer : observers)
        attempt(observer, options.weight_compensation.value_or(true));
    if (!options.weight_compensation) attempt(result.observer, false);
    result.model.record = make_record(options, result, best_compensation, source, images);
    if (options.layer_report) {
        result.layers = report_layers(graph, plan, best, images.held_out, pool, progress);
    }
    return result;
}

}  // namespace quantface
