#include "quantize/post_training.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "quantize/fusion.h"
#include "quantize/preparation.h"

namespace quantface {

namespace {

void check_bits(int bits, const char* what) {
    if (bits < kMinBits || bits > kMaxBits) {
        fail_usage(std::string(what) + " must have 2 to 8 bits, not " + std::to_string(bits));
    }
}

// What the model file keeps of how it was made.
std::string make_record(const PostTrainingOptions& options, const PostTrainingResult& result,
                        const CalibratedNetwork& best, const ImageSource& source,
                        const Preparation& prepared) {
    nlohmann::ordered_json record = {
        {"method", "post-training"},
        {"weight_bits", options.weight_bits},
        {"activation_bits", options.activation_bits},
        {"data", source.description()},
        {"images", prepared.calibration.pixels.size()},
        {"observer", observer_name(result.observer)},
        {"range_margin", options.range_margin},
        {"bias_correction", options.bias_correction},
        {"weight_compensation", best.weight_compensation},
        {"asymmetric_weights", options.asymmetric_weights},
        {"equalization_strength", options.equalization_strength},
        {"held_out_images", prepared.held_out.pixels.size()},
        {"held_out_cosine", result.held_out_cosine},
    };
    if (options.ends_bits) record["ends_bits"] = *options.ends_bits;
    if (options.residual_bits) record["residual_bits"] = *options.residual_bits;
    if (options.target_bytes) record["target_bytes"] = *options.target_bytes;
    if (options.target_bits) record["target_bits"] = *options.target_bits;
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
    if (options.target_bytes && options.target_bits)
        fail_usage("a target is a size or a mean of bits, not both");
    if (options.target_bits && !(*options.target_bits >= kMinBits && *options.target_bits <= kMaxBits)) {
        fail_usage("the weights' mean bits lie between 2 and 8");
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
    const Preparation prepared = prepare(teacher, source, options, pool, progress);
    CalibratedNetwork best = calibrate_best(prepared, options, all_observers(),
                                            options.weight_compensation.value_or(true), pool, progress);
    if (!options.weight_compensation) {
        CalibratedNetwork plain = calibrate(prepared, options, best.observer, false, pool, progress);
        if (plain.held_out_cosine > best.held_out_cosine) best = std::move(plain);
    }
    PostTrainingResult result;
    result.passes = prepared.passes;
    result.held_out_cosine = best.held_out_cosine;
    result.observer = best.observer;
    if (options.layer_report) {
        result.layers =
            report_layers(prepared.graph, prepared.plan, best.quantized, prepared.held_out, pool, progress);
    }
    result.model = std::move(best.model);
    result.model.record = make_record(options, result, best, source, prepared);
    return result;
}

}  // namespace quantface
