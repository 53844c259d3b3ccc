// Small float graphs with random weights, for tests of passes, execution and quantization.
#pragma once

#include <string>
#include <vector>

#include "base/rng.h"
#include "graph/graph.h"

namespace quantface {

// Adds nodes one by one; each call returns the new node's output value, shapes inferred.
class GraphBuilder {
  public:
    GraphBuilder(int height, int width, uint64_t seed);

    ValueId input() const { return graph_.input; }
    ValueId add(Op op, const std::vector<ValueId>& inputs);
    // Random weights of about unit gain; groups = 0 means depthwise.
    ValueId conv(ValueId in, int outputs, int kernel, int stride, int padding, int groups = 1);
    ValueId batch_norm(ValueId in);
    ValueId prelu(ValueId in);
    ValueId gemm(ValueId in, int outputs);
    Graph finish(ValueId output);

    Shape shape(ValueId value) const { return graph_.values[value].shape; }
    std::vector<float> numbers(size_t count, double low, double high);

  private:
    Graph graph_;
    Rng rng_;
};

// A MobileFaceNet in small: PReLU, depthwise convolutions, a residual block, a global depthwise convolution,
// Gemm.
Graph small_mobile_face_net(uint64_t seed);
// An IResNet block in small: batch norm before a padded convolution, a shortcut with its own convolution,
// flattening.
Graph small_iresnet(uint64_t seed);
// Sigmoid gates, HardSwish, pools, concatenation: the operations that the networks above lack.
Graph small_mixed_net(uint64_t seed);

}  // namespace quantface
