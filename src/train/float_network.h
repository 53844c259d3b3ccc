// A float graph on libtorch: any device, any batch, with gradients to its parameters and to the image. Every
// operation of the graph has its form here, quantized values (FakeQuant) with gradients straight through.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace quantface {

struct FloatNetworkOptions {
    at::Device device = at::kCPU;
    bool trainable = false;  // parameters require gradients
};

class FloatNetwork {
  public:
    // The graph is copied and must have passed validate().
    FloatNetwork(const Graph& graph, const FloatNetworkOptions& options);

    // input: (N, 3, H, W) float32, the normalised image; moved to the device. Returns (N, embedding). kept
    // gets the values of `keep`, (N, C, H, W). Gradients flow to the input where it requires them.
    at::Tensor forward(const at::Tensor& input, const std::vector<ValueId>& keep,
                       std::vector<at::Tensor>& kept) const;
    at::Tensor forward(const at::Tensor& input) const;

    // The operation of one node alone, on its inputs, (N, C, H, W) float32 on the device.
    at::Tensor run(size_t node, const std::vector<at::Tensor>& inputs) const {
        return run(graph_.nodes[node], weights_[node], inputs);
    }

    // pixels: (N, 3, H, W), 0..255, in the network's colour order.
    at::Tensor normalized(const at::Tensor& pixels) const;

    // "conv_1.weight", ".bias", ".slope", ".scale", ".shift"; a batch norm's ".mean" and ".variance" are
    // constants.
    const std::vector<std::pair<std::string, at::Tensor>>& parameters() const { return parameters_; }

  private:
    struct Weights {
        at::Tensor weight, bias;    // Conv, Gemm; BatchNorm and Affine: scale and shift
        at::Tensor mean, variance;  // BatchNorm
    };
    at::Tensor add_parameter(const std::string& name, const at::Tensor& start);
    at::Tensor run(const Node& node, const Weights& weights, const std::vector<at::Tensor>& inputs) const;

    Graph graph_;
    FloatNetworkOptions options_;
    std::vector<Weights> weights_;  // by node
    at::Tensor mean_, std_;         // (1, 3, 1, 1)
    std::vector<std::pair<std::string, at::Tensor>> parameters_;
};

}  // namespace quantface
