// A network whose layers' weights have any widths, one chosen for each, and what its embeddings lose by them.
#pragma once

#include <map>
#include <vector>

#include "quantize/layerwise.h"
#include "quantize/preparation.h"

namespace quantface {

using Bits = std::vector<int>;  // of each layer, in the order of their nodes

class MixedWidths {
  public:
    // nodes: of the convolutions whose widths change; the others have those of prepared.bits. Weights are
    // rounded at every width as the options say. prepared and pool must outlive it.
    MixedWidths(const Preparation& prepared, const PostTrainingOptions& options, std::vector<int> nodes,
                ThreadPool& pool, Progress& progress);

    // 1 - the mean cosine to the float network's embeddings, activations in float32: on calibration images,
    // or, where weights are compensated on those, on held-out images.
    double loss(const Bits& bits);

  private:
    const Graph& graph_;
    Graph mixed_;
    std::vector<int> nodes_;
    ThreadPool& pool_;
    std::map<int, ConvAtWidths> widths_;  // by node
    CalibrationImages images_;
    std::vector<float> wanted_;
    Bits current_;
};

}  // namespace quantface
