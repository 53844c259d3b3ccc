// Runs an integer model on u8 pixels.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "graph/integer_model.h"

namespace quantface {

struct KernelSet;  // kernels/kernel_set.h

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

    // model must have passed validate(). Prepacks weights; the model is copied as needed and may die.
    explicit IntegerExecutor(const IntegerModel& model, KernelChoice choice = KernelChoice::kBest);
    // With the kernels of one instruction set, for tests and benchmarks.
    IntegerExecutor(const IntegerModel& model, const KernelSet& kernels);
    ~IntegerExecutor();
    IntegerExecutor(IntegerExecutor&&) noexcept;
    IntegerExecutor& operator=(IntegerExecutor&&) noexcept;

    class Workspace;
    std::shared_ptr<Workspace> make_workspace() const;

    // One image: pixels HWC in the model's colour order and size; embedding has embedding_size() entries, not
    // normalised. Const and thread-safe given one workspace a thread.
    void run(std::span<const uint8_t> pixels, std::span<float> embedding, Workspace& workspace,
             const ValueCallback& on_value = {}) const;

    // Bytes of activations one workspace holds, and bytes of prepacked weights.
    size_t workspace_bytes() const;
    size_t weight_bytes() const;

  private:
    struct Plan;
    std::unique_ptr<const Plan> plan_;
};

}  // namespace quantface
