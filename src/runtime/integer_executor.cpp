#include "runtime/integer_executor.h"

#include <algorithm>
#include <atomic>

#include "base/error.h"
#include "base/spin_barrier.h"
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
    ByteArena weights;
    std::vector<Node> nodes;
    size_t pixel_count = 0, embedding_count = 0;
    size_t arena_bytes = 0, scratch_bytes = 0, weight_bytes = 0;
    const char* kernels = "";
};

class IntegerExecutor::Workspace {
  public:
    Workspace(size_t arena_bytes, size_t scratch_bytes, size_t steps, int threads)
        : arena(arena_bytes), next_share(threads > 1 ? steps : 0), barrier(threads) {
        for (int thread = 0; thread < threads; ++thread) scratch.emplace_back(scratch_bytes);
    }
    int threads() const { return static_cast<int>(scratch.size()); }

    AlignedBytes arena;
    std::vector<AlignedBytes> scratch;         // one for each thread
    std::vector<std::atomic<int>> next_share;  // of each step, which threads take as they come
    SpinBarrier barrier;
};

namespace {

// For each thread: more, so that one that is held up leaves work to the others.
constexpr int kSharesOfAThread = 3;

KernelSet choose(KernelChoice choice) {
    return choice == KernelChoice::kScalarReference ? kernel_sets(0).front() : chosen_kernel_set();
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
    auto plan = std::make_shared<Plan>();
    plan->kernels = kernels.name;
    const ArenaLayout layout = plan_arena(model);
    plan->arena_bytes = layout.bytes;
    plan->pixel_count = static_cast<size_t>(model.values[model.input].shape.size());
    plan->embedding_count = static_cast<size_t>(model.embedding_size());
    for (const IntegerNode& node : model.nodes) {
        const StepContext context{model, layout.offsets, kernels, node};
        Plan::Node& planned = plan->nodes.emplace_back();
        planned.step = make_step(context);
        plan->scratch_bytes = std::max(plan->scratch_bytes, planned.step->scratch_bytes());
        planned.step->move_weight(plan->weights);
        plan->weight_bytes += planned.step->weight().size();
        for (const ValueId output : outputs_of(node)) {
            const IntegerValue& value = model.values[output];
            planned.outputs.push_back(
                {output, context.place(output), static_cast<size_t>(value.shape.size()), value.is_float});
        }
    }
    std::span<const std::byte> next_weight;
    for (auto node = plan->nodes.rbegin(); node != plan->nodes.rend(); ++node) {
        node->step->set_next_weight(next_weight);
        if (!node->step->weight().empty()) next_weight = node->step->weight();
    }
    plan_ = std::move(plan);
}

std::shared_ptr<IntegerExecutor::Workspace> IntegerExecutor::make_workspace(int threads) const {
    return std::make_shared<Workspace>(plan_->arena_bytes, plan_->scratch_bytes, plan_->nodes.size(),
                                       std::max(threads, 1));
}

RunMemory IntegerExecutor::memory(std::span<const uint8_t> pixels, std::span<float> embedding,
                                  const Workspace& workspace) const {
    QF_CHECK(pixels.size() == plan_->pixel_count);
    QF_CHECK(embedding.size() == plan_->embedding_count);
    QF_CHECK(workspace.arena.size() >= plan_->arena_bytes &&
             workspace.scratch[0].size() >= plan_->scratch_bytes);
    return {pixels.data(), embedding.data(), workspace.arena.data(), workspace.scratch[0].data()};
}

void IntegerExecutor::run(std::span<const uint8_t> pixels, std::span<float> embedding, Workspace& workspace,
                          const ValueCallback& on_value) const {
    const RunMemory shared = memory(pixels, embedding, workspace);
    for (const Plan::Node& node : plan_->nodes) {
        node.step->run(shared, {});
        if (!on_value) continue;
        for (const ReportedValue& value : node.outputs) report(value, shared, on_value);
    }
}

void IntegerExecutor::run(std::span<const uint8_t> pixels, std::span<float> embedding, Workspace& workspace,
                          ThreadPool& pool) const {
    if (pool.size() == 1) return run(pixels, embedding, workspace);
    QF_CHECK(workspace.threads() == pool.size());
    const RunMemory shared = memory(pixels, embedding, workspace);
    for (std::atomic<int>& next : workspace.next_share) next.store(0, std::memory_order_relaxed);
    pool.run_on_all([&](int thread) {
        RunMemory own = shared;
        own.scratch = workspace.scratch[static_cast<size_t>(thread)].data();
        for (size_t index = 0; index < plan_->nodes.size(); ++index) {
            const IntegerStep& step = *plan_->nodes[index].step;
            const int shares = std::min(step.most_shares(), kSharesOfAThread * workspace.threads());
            for (;;) {
                const int share = workspace.next_share[index].fetch_add(1, std::memory_order_relaxed);
                if (share >= shares) break;
                step.run(own, {share, shares});
            }
            workspace.barrier.wait();
        }
    });
}

size_t IntegerExecutor::node_count() const {
    return plan_->nodes.size();
}

void IntegerExecutor::run_node(size_t index, std::span<const uint8_t> pixels, std::span<float> embedding,
                               Workspace& workspace) const {
    plan_->nodes[index].step->run(memory(pixels, embedding, workspace), {});
}

const char* IntegerExecutor::node_kernel_name(size_t index) const {
    return plan_->nodes[index].step->kernel_name();
}

size_t IntegerExecutor::node_weight_bytes(size_t index) const {
    return plan_->nodes[index].step->weight().size();
}

const char* IntegerExecutor::kernel_set_name() const {
    return plan_->kernels;
}

size_t IntegerExecutor::workspace_bytes(int threads) const {
    return plan_->arena_bytes + plan_->scratch_bytes * static_cast<size_t>(threads);
}
size_t IntegerExecutor::weight_bytes() const {
    return plan_->weight_bytes;
}

}  // namespace quantface
