// Which layer does the damage: each layer quantized alone, everything else in float32.
#pragma once

#include <string>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "graph/graph.h"
#include "quantize/calibration_images.h"
#include "quantize/fusion.h"
#include "quantize/integer_lowering.h"

namespace quantface {

struct LayerReport {
    std::string name;
    std::string op;
    int weight_bits = 0;            // 0: the layer has no weights
    int activation_bits = 0;        // of its first output; 0: the embedding, which is float
    double signal_to_noise_db = 0;  // of the layer's first output, with its weights and levels quantized
    double embedding_cosine = 0;    // mean over the images, against the float network's
};

std::vector<LayerReport> report_layers(const Graph& graph, const std::vector<FusedNode>& plan,
                                       const QuantizedGraph& quantized, const CalibrationImages& images,
                                       ThreadPool& pool, Progress& progress);

}  // namespace quantface
