// One node of an integer model, ready to run: shapes, places and kernels looked up, weights packed.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "base/byte_arena.h"
#include "graph/integer_model.h"
#include "kernels/kernel_set.h"
#include "runtime/integer_memory.h"

namespace quantface {

// Packed weights: a step's own when it has packed them, in the plan's memory afterwards.
class StepWeight {
  public:
    explicit StepWeight(AlignedBytes packed)
        : packed_(std::move(packed)), bytes_(packed_.data(), packed_.size()) {}

    const std::byte* data() const { return bytes_.data(); }
    std::span<const std::byte> bytes() const { return bytes_; }

    void move_to(ByteArena& arena) {
        std::byte* place = arena.take(bytes_.size());
        std::copy(bytes_.begin(), bytes_.end(), place);
        bytes_ = {place, bytes_.size()};
        packed_ = AlignedBytes();
    }

  private:
    AlignedBytes packed_;
    std::span<const std::byte> bytes_;
};

// One of `count` parts of a step's work, which may run at once.
struct Share {
    int index = 0;
    int count = 1;  // at most most_shares()

    // The share's part of [0, size), cut at multiples of `unit`.
    int64_t begin(int64_t size, int64_t unit = 1) const { return cut(size, unit, index); }
    int64_t end(int64_t size, int64_t unit = 1) const { return cut(size, unit, index + 1); }

  private:
    int64_t cut(int64_t size, int64_t unit, int part) const {
        const int64_t units = (size + unit - 1) / unit;
        return std::min(units * part / count * unit, size);
    }
};

class IntegerStep {
  public:
    virtual ~IntegerStep() = default;
    // Shares that run at once have scratch memory of their own.
    virtual void run(const RunMemory& memory, const Share& share) const = 0;
    // Into how many parts it is worth dividing.
    virtual int most_shares() const { return 1; }
    // The kernel of its products, as its table names it; empty: has none.
    virtual const char* kernel_name() const { return ""; }
    // Of RunMemory::scratch.
    virtual size_t scratch_bytes() const { return 0; }
    // Packed weights.
    virtual std::span<const std::byte> weight() const { return {}; }
    // Puts them there, and forgets its own.
    virtual void move_weight(ByteArena&) {}
    // What the next step with weights reads: may be fetched while this one runs.
    virtual void set_next_weight(std::span<const std::byte>) {}
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

// Into how many parts work of so many units is worth dividing, where so many take a few microseconds.
int shares_of(int64_t units, int64_t units_of_a_share);

// The sizes of a window operation from one value to another.
ConvGeometry window_geometry(const Window& window, const Shape& in, const Shape& out, int groups);

}  // namespace quantface
