// Operations from levels to levels, without an epilogue: lookup, max pool, concatenation.
#include <algorithm>
#include <array>

#include "kernels/elementwise/elementwise.h"
#include "kernels/pool/pool.h"
#include "numerics/quantization.h"
#include "runtime/integer_step.h"

namespace quantface {

namespace {

using LevelTable = std::array<uint8_t, 256>;

class LutStep : public IntegerStep {
  public:
    LutStep(const StepContext& context, const IntegerLut& op)
        : size_(context.input(0).shape.size()),
          input_(context.input_place(0)),
          output_(context.place(op.output)) {
        std::copy(op.table.begin(), op.table.end(), table_.begin());
    }

    void run(const RunMemory& memory, const Share&) const override {
        look_up_levels(input_.levels(memory), table_.data(), size_, output_.writable_levels(memory));
    }

  private:
    int64_t size_;
    ValuePlace input_, output_;
    LevelTable table_{};  // where the input has fewer levels, the rest is not used
};

class MaxPoolStep : public IntegerStep {
  public:
    MaxPoolStep(const StepContext& context, const IntegerMaxPool& op)
        : geometry_(window_geometry(op.window, context.input(0).shape, context.value(op.output).shape,
                                    context.input(0).shape.channels)),
          input_(context.input_place(0)),
          output_(context.place(op.output)) {}

    void run(const RunMemory& memory, const Share&) const override {
        max_pool(geometry_, input_.levels(memory), output_.writable_levels(memory));
    }

  private:
    ConvGeometry geometry_;
    ValuePlace input_, output_;
};

// Requantization has at most 256 cases: a table for each input.
class ConcatStep : public IntegerStep {
  public:
    ConcatStep(const StepContext& context, const IntegerConcat& op)
        : shape_(context.value(op.output).shape), output_(context.place(op.output)) {
        const QuantParams& to = context.value(op.output).quant;
        for (size_t index = 0; index < context.node.inputs.size(); ++index) {
            const IntegerValue& value = context.input(index);
            Input& input = inputs_.emplace_back();
            input.place = context.input_place(index);
            input.channels = value.shape.channels;
            for (int32_t level = 0; level <= value.quant.max_level(); ++level) {
                const float r = static_cast<float>(level - value.quant.zero_point) * op.multiplier[index];
                input.table[static_cast<size_t>(level)] = quantize_level(r, to.zero_point, to.max_level());
            }
        }
    }

    void run(const RunMemory& memory, const Share&) const override {
        uint8_t* first = output_.writable_levels(memory);
        for (const Input& input : inputs_) {
            const uint8_t* from = input.place.levels(memory);
            for (int64_t pixel = 0; pixel < shape_.plane(); ++pixel) {
                look_up_levels(from + pixel * input.channels, input.table.data(), input.channels,
                               first + pixel * shape_.channels);
            }
            first += input.channels;
        }
    }

  private:
    struct Input {
        ValuePlace place;
        int channels = 0;
        LevelTable table{};
    };
    Shape shape_;
    ValuePlace output_;
    std::vector<Input> inputs_;
};

}  // namespace

std::unique_ptr<IntegerStep> make_level_step(const StepContext& context, const IntegerLut& op) {
    return std::make_unique<LutStep>(context, op);
}
std::unique_ptr<IntegerStep> make_level_step(const StepContext& context, const IntegerMaxPool& op) {
    return std::make_unique<MaxPoolStep>(context, op);
}
std::unique_ptr<IntegerStep> make_level_step(const StepContext& context, const IntegerConcat& op) {
    return std::make_unique<ConcatStep>(context, op);
}

}  // namespace quantface
