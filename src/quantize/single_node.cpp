#include "quantize/single_node.h"

#include <algorithm>

#include "base/error.h"

namespace quantface {

namespace {
// The graph's one-input executor cannot take these; they are one line each.
void run_binary(const Op& op, std::span<const float> a, std::span<const float> b, std::span<float> output,
                size_t channels) {
    const size_t plane = output.size() / channels;
    const auto at = [&](std::span<const float> operand, size_t index) {
        return operand.size() == output.size() ? operand[index] : operand[index / plane];
    };
    for (size_t index = 0; index < output.size(); ++index) {
        const float left = at(a, index), right = at(b, index);
        output[index] = std::holds_alternative<MulOp>(op)   ? left * right
                        : std::holds_alternative<SubOp>(op) ? left - right
                                                            : left + right;
    }
}
}  // namespace

SingleNode::SingleNode(const Op& op, const std::vector<Shape>& inputs, int threads)
    : op_(op), inputs_(inputs) {
    Node node{"node", op, {0}, 1};
    output_shape_ = infer_shape(node, inputs);
    if (inputs.size() != 1) return;
    Graph graph;
    graph.input = graph.add_value("in", inputs[0]);
    graph.output = graph.add_value("out", output_shape_);
    graph.nodes.push_back(std::move(node));
    executor_ = std::make_unique<FloatExecutor>(graph);
    for (int thread = 0; thread < threads; ++thread) workspaces_.push_back(executor_->make_workspace());
}

void SingleNode::run(const std::vector<std::span<const float>>& inputs, std::span<float> output,
                     int thread) const {
    QF_CHECK(inputs.size() == inputs_.size());
    if (executor_) {
        executor_->run(inputs[0], output, *workspaces_[thread]);
    } else if (std::holds_alternative<ConcatOp>(op_)) {
        auto position = output.begin();
        for (const auto& input : inputs) position = std::copy(input.begin(), input.end(), position);
    } else {
        run_binary(op_, inputs[0], inputs[1], output, static_cast<size_t>(output_shape_.channels));
    }
}

}  // namespace quantface
