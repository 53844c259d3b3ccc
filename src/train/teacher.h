// The full-precision network that a student learns from.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "runtime/float_executor.h"
#include "train/float_network.h"

namespace quantface {

// What the teacher says of a batch.
struct TeacherTargets {
    at::Tensor embedding;            // (N, dimension) float32
    std::vector<at::Tensor> values;  // for each of the values asked for: (N, C, H, W) float32, channels-last
};

class Teacher {
  public:
    // graph: in the form that the student was made from, so that values mean the same.
    // On a CPU by the float executor, which is faster there than libtorch; elsewhere by the float network.
    Teacher(const Graph& graph, std::vector<ValueId> values, at::Device device);

    // pixels: (N, 3, H, W) float32, 0..255, in the network's colour order, on the device, where the answer
    // is, too. with_values: else only embeddings.
    TeacherTargets operator()(const at::Tensor& pixels, bool with_values) const;

    const std::vector<ValueId>& values() const { return values_; }

  private:
    TeacherTargets on_the_cpu(const at::Tensor& pixels, bool with_values) const;

    std::vector<ValueId> values_;
    std::vector<Shape> shapes_;  // of values_
    InputSpec spec_;
    int embedding_size_;
    std::unique_ptr<FloatExecutor> executor_;                                    // on a CPU
    std::unique_ptr<FloatNetwork> network_;                                      // elsewhere
    mutable std::vector<std::shared_ptr<FloatExecutor::Workspace>> workspaces_;  // by thread
};

}  // namespace quantface
