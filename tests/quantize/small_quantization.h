// Small networks quantized on noise: quick, and the same every time.
#pragma once

#include "faces/sources.h"
#include "quantize/post_training.h"
#include "small_graphs.h"

namespace quantface {

inline PostTrainingOptions quick_options(int bits) {
    PostTrainingOptions options;
    options.weight_bits = options.activation_bits = bits;
    options.observer = ObserverKind::kMinMax;
    options.images = 24;
    options.held_out_images = 8;
    options.weight_compensation = true;
    return options;
}

inline PostTrainingResult quantize_small(const Graph& graph, const PostTrainingOptions& options) {
    ThreadPool pool(2);
    SilentProgress progress;
    const auto source = make_noise_source(1, graph.input_spec.height, graph.input_spec.width);
    return quantize_post_training(graph, *source, options, pool, progress);
}

}  // namespace quantface
