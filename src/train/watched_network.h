// The teacher as it guides images: embeddings with gradients to the pixels, and at every batch norm the mean
// and variance of what goes in. Where batch norms were folded into convolutions, what goes into the
// activations is watched instead.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graph/graph.h"
#include "train/float_network.h"
#include "train/watched_activation.h"

namespace quantface {

// By channel, (C) float32, over a batch's images and pixels.
struct ChannelStatistics {
    at::Tensor mean, variance;
};

struct WatchedPass {
    at::Tensor embedding;                       // (N, dimension) float32, not normalised
    std::vector<ChannelStatistics> statistics;  // one for each watched value
};

class WatchedNetwork {
  public:
    // bfloat16: convolutions multiply in it and values are stored in it; sums and statistics are float32.
    WatchedNetwork(const Graph& graph, at::Device device, bool bfloat16);

    // pixels: (N, 3, H, W) float32, 0..255, in the network's colour order, on the device.
    WatchedPass forward(const at::Tensor& pixels) const;

    // True where the graph has batch norms: reference() is then what they hold of the teacher's training
    // data.
    bool has_batch_norms() const { return has_batch_norms_; }
    const std::vector<ChannelStatistics>& reference() const { return reference_; }
    size_t watched() const { return watched_; }

  private:
    struct Step {
        int watch = -1;                               // the watched value's number; -1: an operation as it is
        WatchedForm form;                             // of a watch
        ValueId input = kNoValue, output = kNoValue;  // of a watch
        at::Tensor weight, bias;                      // of a convolution
    };
    void plan_watch(int node);
    void plan_convolutions();
    at::Tensor convolve(const Node& node, const Step& step, const at::Tensor& x) const;
    at::Tensor run(size_t index, const std::vector<at::Tensor>& values) const;

    Graph graph_;
    at::ScalarType type_;
    FloatNetwork network_;
    std::vector<Step> steps_;    // by node
    std::vector<bool> skipped_;  // by node: done by the watch before it
    std::vector<ChannelStatistics> reference_;
    bool has_batch_norms_ = false;
    size_t watched_ = 0;
};

}  // namespace quantface
