// Runs an integer model on u8 pixels.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "base/thread_pool.h"
#include "graph/integer_model.h"

namespace quantface {

struct KernelSet;  // kernels/kernel_set.h
struct RunMemory;  // runtime/integer_memory.h

// Which kernels run. All give the same bits.
enum class KernelChoice {
    kScalarReference,  // the specification, slow
    kBest,             // the fastest that this CPU has
};

class IntegerExecutor {
  public:
    // Called after each node for each of its values: levels NHWC of one image (`levels`), or float32 for the
    // embedding (`numbers`); the other span is empty.
    using ValueCallback =
        std::function<void(ValueId value, std::span<const uint8_t> levels, std::span<const float> numbers)>;

    // model must have passed validate(). Prepacks weights; the model is copied as needed and may die. Copies
    // share one plan and its weights. Throws Error(kUsage) where QUANTFACE_ISA names what this CPU lacks.
    explicit IntegerExecutor(const IntegerModel& model, KernelChoice choice = KernelChoice::kBest);
    // With the kernels of one instruction set, for tests and benchmarks.
    IntegerExecutor(const IntegerModel& model, const KernelSet& kernels);

    class Workspace;
    // For runs on pools of so many threads.
    std::shared_ptr<Workspace> make_workspace(int threads = 1) const;

    // One image: pixels HWC in the model's colour order and size; embedding has embedding_size() entries, not
    // normalised. Const and thread-safe given one workspace a thread. Allocates no memory.
    void run(std::span<const uint8_t> pixels, std::span<float> embedding, Workspace& workspace,
             const ValueCallback& on_value = {}) const;
    // The same, each operation divided over the pool's threads; workspace of pool.size() threads.
    void run(std::span<const uint8_t> pixels, std::span<float> embedding, Workspace& workspace,
             ThreadPool& pool) const;

    // For measuring: one node (in the model's order) on what the workspace holds of earlier ones.
    size_t node_count() const;
    void run_node(size_t index, std::span<const uint8_t> pixels, std::span<float> embedding,
                  Workspace& workspace) const;

    // The kernel of the node's products, as its table names it; empty: has none.
    const char* node_kernel_name(size_t index) const;
    size_t node_weight_bytes(size_t index) const;  // as packed

    const char* kernel_set_name() const;
    // Bytes of activations and scratch that one workspace holds, and bytes of prepacked weights.
    size_t workspace_bytes(int threads = 1) const;
    size_t weight_bytes() const;

  private:
    struct Plan;
    RunMemory memory(std::span<const uint8_t> pixels, std::span<float> embedding,
                     const Workspace& workspace) const;

    std::shared_ptr<const Plan> plan_;
};

}  // namespace quantface
