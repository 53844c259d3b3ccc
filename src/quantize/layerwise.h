// The layer-by-layer fitting of an integer network (see post_training.h).
#pragma once

#include <array>
#include <map>
#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "graph/graph.h"
#include "quantize/calibration_images.h"
#include "quantize/fusion.h"
#include "quantize/integer_lowering.h"
#include "quantize/observer.h"
#include "quantize/weight_grid.h"

namespace quantface {

// Bits of each node's weights and of each value's levels; entries of nodes without weights and of values that
// are not quantized are ignored.
struct BitPlan {
    std::vector<int> weight_bits;      // by node
    std::vector<int> activation_bits;  // by value
};

struct LayerwiseOptions {
    ObserverKind observer = ObserverKind::kMinMax;
    double range_margin = 1.0;
    bool bias_correction = true;
    bool weight_compensation = true;
    WeightGrid weight_grid = WeightGrid::kSymmetric;
};

QuantizedGraph quantize_layerwise(const Graph& graph, const std::vector<FusedNode>& plan, const BitPlan& bits,
                                  const CalibrationImages& images, const LayerwiseOptions& options,
                                  ThreadPool& pool, Progress& progress);

// A convolution at each width: entries of kMinBits to kMaxBits.
using ConvAtWidths = std::array<QuantizedConv, kMaxBits + 1>;

// Every convolution of the plan as it would be rounded at each width if all else were at 8 bits, by node.
std::map<int, ConvAtWidths> round_at_every_width(const Graph& graph, const std::vector<FusedNode>& plan,
                                                 const CalibrationImages& images,
                                                 const LayerwiseOptions& options, ThreadPool& pool,
                                                 Progress& progress);

}  // namespace quantface
