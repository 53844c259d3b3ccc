// Runs one operation of a float graph by itself.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "runtime/float_executor.h"

namespace quantface {

class SingleNode {
  public:
    // op on values of the shapes in `inputs`. Threads is how many will call run().
    SingleNode(const Op& op, const std::vector<Shape>& inputs, int threads);

    const Shape& output_shape() const { return output_shape_; }
    // inputs and output are NCHW of one image; one call at a time for each thread number.
    void run(const std::vector<std::span<const float>>& inputs, std::span<float> output, int thread) const;

  private:
    Op op_;
    std::vector<Shape> inputs_;
    Shape output_shape_;
    std::unique_ptr<FloatExecutor> executor_;  // where the operation has one input
    std::vector<std::shared_ptr<FloatExecutor::Workspace>> workspaces_;
};

}  // namespace quantface
