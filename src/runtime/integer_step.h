// One node of an integer model, ready to run: shapes, places and kernels looked up, weights packed.
#pragma once

#include <memory>
#include <vector>

#include "graph/integer_model.h"
#include "kernels/kernel_set.h"
#include "runtime/integer_memory.h"

namespace quantface {

class IntegerStep {
  public:
    virtual ~IntegerStep() = default;
    virtual void run(const RunMemory& memory) const = 0;
    // Of RunMemory::scratch.
    virtual size_t scratch_bytes() const { return 0; }
    // Packed weights.
    virtual size_t weight_bytes() const { return 0; }
};

// What steps are made of. offsets: ArenaLayout's.
struct StepContext {
    const IntegerModel& model;
    const std::vector<int64_t>& offsets;
    const KernelSet& kernels;
    const IntegerNode& node;

    const IntegerValue& value(ValueId id) const { return model.values[id]; }
    const IntegerValue& input(size_t index) const { return model.values[node.inputs[index]]; }
    ValuePlace place(ValueId id) const { return ValuePlace(model, offsets, id); }
    ValuePlace input_place(size_t index) const { return place(node.inputs[index]); }
};

std::unique_ptr<IntegerStep> make_step(const StepContext& context);

// By kind of operation; make_step chooses.
std::unique_ptr<IntegerStep> make_conv_step(const StepContext& context, const IntegerConv& op);
std::unique_ptr<IntegerStep> make_number_step(const StepContext& context, const IntegerAffine& op);
std::unique_ptr<IntegerStep> make_number_step(const StepContext& context, const IntegerAdd& op);
std::unique_ptr<IntegerStep> make_number_step(const StepContext& context, const IntegerMul& op);
std::unique_ptr<IntegerStep> make_number_step(const StepContext& context, const IntegerAveragePool& op);
std::unique_ptr<IntegerStep> make_level_step(const StepContext& context, const IntegerLut& op);
std::unique_ptr<IntegerStep> make_level_step(const StepContext& context, const IntegerMaxPool& op);
std::unique_ptr<IntegerStep> make_level_step(const StepContext& context, const IntegerConcat& op);

// The sizes of a window operation from one value to another.
ConvGeometry window_geometry(const Window& window, const Shape& in, const Shape& out, int groups);

}  // namespace quantface
