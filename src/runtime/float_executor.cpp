#include "runtime/float_executor.h"

#include <algorithm>

#include "base/error.h"
#include "runtime/buffer_plan.h"
#include "runtime/float_operations.h"

namespace quantface {

struct FloatExecutor::Plan {
    struct Step {
        FloatOperation operation;
        std::vector<ValueId> inputs;
        ValueId output;
    };
    std::vector<Step> steps;
    std::vector<size_t> offset;  // of each value in the arena, numbers
    std::vector<size_t> size;    // of each value, numbers
    ValueId input = kNoValue, output = kNoValue;
    size_t arena_size = 0;    // numbers
    size_t scratch_size = 0;  // numbers
};

class FloatExecutor::Workspace {
  public:
    explicit Workspace(const Plan& plan) : arena(plan.arena_size), scratch(plan.scratch_size) {}
    std::vector<float> arena, scratch;
};

FloatExecutor::FloatExecutor(const Graph& graph) {
    auto plan = std::make_unique<Plan>();
    plan->input = graph.input;
    plan->output = graph.output;
    std::vector<Lifetime> lifetimes(graph.values.size());
    for (size_t value = 0; value < graph.values.size(); ++value) {
        plan->size.push_back(static_cast<size_t>(graph.values[value].shape.size()));
    }
    const auto last_step = static_cast<int>(graph.nodes.size());
    const auto live_at = [&](ValueId value, int step) {
        lifetimes[value].size_bytes = plan->size[value] * sizeof(float);
        lifetimes[value].last = std::max(lifetimes[value].last, step);
    };
    live_at(graph.input, 0);
    for (int step = 0; step < last_step; ++step) {
        const Node& node = graph.nodes[step];
        std::vector<Shape> shapes;
        for (const ValueId input : node.inputs) {
            shapes.push_back(graph.values[input].shape);
            live_at(input, step);
        }
        lifetimes[node.output].first = step;
        live_at(node.output, step);
        plan->steps.push_back({prepare_float_operation(node, shapes, graph.values[node.output].shape),
                               node.inputs, node.output});
        plan->scratch_size = std::max(plan->scratch_size, plan->steps.back().operation.scratch_size);
    }
    live_at(graph.output, last_step);
    const BufferPlan buffers = plan_buffers(lifetimes);
    for (const size_t offset : buffers.offset_bytes) plan->offset.push_back(offset / sizeof(float));
    plan->arena_size = buffers.total_bytes / sizeof(float);
    plan_ = std::move(plan);
}

FloatExecutor::~FloatExecutor() = default;
FloatExecutor::FloatExecutor(FloatExecutor&&) noexcept = default;
FloatExecutor& FloatExecutor::operator=(FloatExecutor&&) noexcept = default;

std::shared_ptr<FloatExecutor::Workspace> FloatExecutor::make_workspace() const {
    return std::make_shared<Workspace>(*plan_);
}

void FloatExecutor::run(std::span<const float> input, std::span<float> embedding, Workspace& workspace,
                        const ValueCallback& on_value) const {
    QF_CHECK(input.size() == plan_->size[plan_->input] && embedding.size() == plan_->size[plan_->output]);
    const auto place = [&](ValueId value) {
        return std::span<float>(workspace.arena).subspan(plan_->offset[value], plan_->size[value]);
    };
    std::copy(input.begin(), input.end(), place(plan_->input).begin());
    if (on_value) on_value(plan_->input, place(plan_->input));
    std::vector<std::span<const float>> inputs;
    for (const Plan::Step& step : plan_->steps) {
        inputs.clear();
        for (const ValueId value : step.inputs) inputs.emplace_back(place(value));
        step.operation.run(inputs, place(step.output), workspace.scratch);
        if (on_value) on_value(step.output, place(step.output));
    }
    const auto result = place(plan_->output);
    std::copy(result.begin(), result.end(), embedding.begin());
}

}  // namespace quantface
