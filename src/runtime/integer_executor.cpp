#include "runtime/integer_executor.h"

#include <algorithm>

#include "base/error.h"
#include "kernels/kernel_set.h"
#include "runtime/integer_arena.h"
#include "runtime/integer_memory.h"
#include "runtime/integer_step.h"

namespace quantface {

// What a callback is told of a value, and where it is.
struct ReportedValue {
    ValueId value = kNoValue;
    ValuePlace place;
    size_t size = 0;
    bool is_float = false;
};

struct IntegerExecutor::Plan {
    struct Node {
        std::unique_ptr<IntegerStep> step;
        std::vector<ReportedValue> outputs;
    };
    std::vector<Node> nodes;
    size_t pixel_count = 0, embedding_count = 0;
    size_t arena_bytes = 0, scratch_bytes = 0, weight_bytes = 0;
};

class IntegerExecutor::Workspace {
  public:
    Workspace(size_t arena_bytes, size_t scratch_bytes) : arena(arena_bytes), scratch(scratch_bytes) {}
    AlignedBytes arena, scratch;
};

namespace {

KernelSet choose(KernelChoice choice) {
    return choice == KernelChoice::kScalarReference ? kernel_sets(0).front()
                                                    : kernel_sets(cpu_features()).back();
}

void report(const ReportedValue& value, const RunMemory& memory,
            const IntegerExecutor::ValueCallback& on_value) {
    if (value.is_float) {
        on_value(value.value, {}, {memory.embedding, value.size});
    } else {
        on_value(value.value, {value.place.levels(memory), value.size}, {});
    }
}

}  // namespace

IntegerExecutor::IntegerExecutor(const IntegerModel& model, KernelChoice choice)
    : IntegerExecutor(model, choose(choice)) {}

IntegerExecutor::IntegerExecutor(const IntegerModel& model, const KernelSet& kernels) {
    auto plan = std::make_unique<Plan>();
    const ArenaLayout layout = plan_arena(model);
    plan->arena_bytes = layout.bytes;
    plan->pixel_count = static_cast<size_t>(model.values[model.input].shape.size());
    plan->embedding_count = static_cast<size_t>(model.embedding_size());
    for (const IntegerNode& node : model.nodes) {
        const StepContext context{model, layout.offsets, kernels, node};
        Plan::Node& planned = plan->nodes.emplace_back();
        planned.step = make_step(context);
        plan->scratch_bytes = std::max(plan->scratch_bytes, planned.step->scratch_bytes());
        plan->weight_bytes += planned.step->weight_bytes();
        for (const ValueId output : outputs_of(node)) {
            const IntegerValue& value = model.values[output];
            planned.outputs.push_back(
                {output, context.place(output), static_cast<size_t>(value.shape.size()), value.is_float});
        }
    }
    plan_ = std::move(plan);
}

IntegerExecutor::~IntegerExecutor() = default;
IntegerExecutor::IntegerExecutor(IntegerExecutor&&) noexcept = default;
IntegerExecutor& IntegerExecutor::operator=(IntegerExecutor&&) noexcept = default;

std::shared_ptr<IntegerExecutor::Workspace> IntegerExecutor::make_workspace() const {
    return std::make_shared<Workspace>(plan_->arena_bytes, plan_->scratch_bytes);
}

void IntegerExecutor::run(std::span<const uint8_t> pixels, std::span<float> embedding, Workspace& workspace,
                          const ValueCallback& on_value) const {
    QF_CHECK(pixels.size() == plan_->pixel_count);
    QF_CHECK(embedding.size() == plan_->embedding_count);
    QF_CHECK(workspace.arena.size() >= plan_->arena_bytes &&
             workspace.scratch.size() >= plan_->scratch_bytes);
    const RunMemory memory{pixels.data(), embedding.data(), workspace.arena.data(), workspace.scratch.data()};
    for (const Plan::Node& node : plan_->nodes) {
        node.step->run(memory);
        if (!on_value) continue;
        for (const ReportedValue& value : node.outputs) report(value, memory, on_value);
    }
}

size_t IntegerExecutor::workspace_bytes() const {
    return plan_->arena_bytes + plan_->scratch_bytes;
}
size_t IntegerExecutor::weight_bytes() const {
    return plan_->weight_bytes;
}

}  // namespace quantface
