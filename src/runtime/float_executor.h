// Runs a float graph: the oracle that the importer, the passes and the integer network are held against, and
// the teacher.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "graph/graph.h"

namespace quantface {

class FloatExecutor {
  public:
    // Called after each node (and once for the graph's input) with the value just computed, NCHW of one
    // image.
    using ValueCallback = std::function<void(ValueId value, std::span<const float> data)>;

    // Plans memory and prepacks weights; the graph is copied as needed and may die.
    // graph must have passed validate().
    explicit FloatExecutor(const Graph& graph);
    ~FloatExecutor();
    FloatExecutor(FloatExecutor&&) noexcept;
    FloatExecutor& operator=(FloatExecutor&&) noexcept;

    // Scratch memory of one running image. Make one for each thread and reuse it.
    class Workspace;
    std::shared_ptr<Workspace> make_workspace() const;

    // One image: `input` is the normalised image, NCHW of the graph input's size; `embedding` has the graph
    // output's size. Const and thread-safe given one workspace a thread.
    void run(std::span<const float> input, std::span<float> embedding, Workspace& workspace,
             const ValueCallback& on_value = {}) const;

  private:
    struct Plan;
    std::unique_ptr<const Plan> plan_;
};

}  // namespace quantface
