// Operations that give real numbers pixel by pixel and leave the rest to the epilogue: affine, add, mul,
// average pool.
#include <algorithm>

#include "kernels/elementwise/elementwise.h"
#include "kernels/pool/pool.h"
#include "runtime/integer_epilogue.h"
#include "runtime/integer_step.h"

namespace quantface {

namespace {

constexpr int64_t kRowUnit = 16;            // EpilogueBlock's row_stride
constexpr int64_t kNumbersTogether = 4096;  // stay in the first-level cache

class NumberStep : public IntegerStep {
  public:
    NumberStep(const StepContext& context, const Epilogue& epilogue)
        : shape_(context.value(epilogue.outputs[0].value).shape),
          row_stride_((shape_.channels + kRowUnit - 1) / kRowUnit * kRowUnit),
          together_(std::clamp<int64_t>(kNumbersTogether / row_stride_, 1, shape_.plane())),
          elementwise_(*context.kernels.elementwise),
          kernel_(*context.kernels.epilogue),
          epilogue_(context.model, context.offsets, epilogue) {}

    void run(const RunMemory& memory, const Share& share) const override {
        auto* numbers = reinterpret_cast<float*>(memory.scratch);
        const EpilogueData data = epilogue_.data(memory);
        const int64_t end = share.end(shape_.plane());
        for (int64_t pixel = share.begin(shape_.plane()); pixel < end; pixel += together_) {
            const auto count = static_cast<int>(std::min(together_, end - pixel));
            for (int row = 0; row < count; ++row) {
                compute(memory, pixel + row, numbers + row * row_stride_);
            }
            kernel_.from_numbers(epilogue_.params(), data, {pixel, count, 0, shape_.channels, row_stride_},
                                 numbers);
        }
    }

    int most_shares() const override {
        constexpr int64_t kEntriesOfAShare = 16 * 1024;
        return static_cast<int>(
            std::min<int64_t>(shares_of(shape_.size(), kEntriesOfAShare), shape_.plane()));
    }

    // The numbers, and one row more for whoever wants it.
    size_t scratch_bytes() const override {
        return static_cast<size_t>((together_ + 1) * row_stride_) * sizeof(float);
    }

  protected:
    // numbers: the pixel's channels.
    virtual void compute(const RunMemory& memory, int64_t pixel, float* numbers) const = 0;

    int channels() const { return shape_.channels; }
    const ElementwiseKernel& elementwise() const { return elementwise_; }
    int32_t* spare_row(const RunMemory& memory) const {
        return reinterpret_cast<int32_t*>(memory.scratch) + together_ * row_stride_;
    }

  private:
    Shape shape_;
    int64_t row_stride_, together_;
    const ElementwiseKernel& elementwise_;
    const EpilogueKernel& kernel_;
    BoundEpilogue epilogue_;
};

// An input of an operation on single levels.
struct Operand {
    Operand(const StepContext& context, size_t index)
        : place(context.input_place(index)),
          zero_point(context.input(index).quant.zero_point),
          channels(context.input(index).shape.channels),
          broadcast(context.input(index).shape.plane() == 1) {}

    const uint8_t* levels(const RunMemory& memory, int64_t pixel) const {
        return place.levels(memory) + (broadcast ? 0 : pixel * channels);
    }

    ValuePlace place;
    int32_t zero_point;
    int64_t channels;
    bool broadcast;
};

class AffineStep : public NumberStep {
  public:
    AffineStep(const StepContext& context, const IntegerAffine& op)
        : NumberStep(context, op.epilogue),
          input_(context, 0),
          multiplier_(op.multiplier),
          shift_(op.shift) {}

  protected:
    void compute(const RunMemory& memory, int64_t pixel, float* numbers) const override {
        elementwise().affine(input_.levels(memory, pixel), input_.zero_point, multiplier_.data(),
                             shift_.data(), channels(), numbers);
    }

  private:
    Operand input_;
    std::vector<float> multiplier_, shift_;
};

class AddStep : public NumberStep {
  public:
    AddStep(const StepContext& context, const IntegerAdd& op)
        : NumberStep(context, op.epilogue),
          a_(context, 0),
          b_(context, 1),
          multiplier_a_(op.multiplier_a),
          multiplier_b_(op.multiplier_b) {}

  protected:
    void compute(const RunMemory& memory, int64_t pixel, float* numbers) const override {
        elementwise().add({a_.levels(memory, pixel), a_.zero_point, multiplier_a_},
                          {b_.levels(memory, pixel), b_.zero_point, multiplier_b_}, channels(), numbers);
    }

  private:
    Operand a_, b_;
    float multiplier_a_, multiplier_b_;
};

class MulStep : public NumberStep {
  public:
    MulStep(const StepContext& context, const IntegerMul& op)
        : NumberStep(context, op.epilogue), a_(context, 0), b_(context, 1), multiplier_(op.multiplier) {}

  protected:
    void compute(const RunMemory& memory, int64_t pixel, float* numbers) const override {
        elementwise().multiply({a_.levels(memory, pixel), a_.zero_point},
                               {b_.levels(memory, pixel), b_.zero_point}, multiplier_, channels(), numbers);
    }

  private:
    Operand a_, b_;
    float multiplier_;
};

class AveragePoolStep : public NumberStep {
  public:
    AveragePoolStep(const StepContext& context, const IntegerAveragePool& op)
        : NumberStep(context, op.epilogue),
          geometry_(window_geometry(op.window, context.input(0).shape,
                                    context.value(op.epilogue.outputs[0].value).shape,
                                    context.input(0).shape.channels)),
          place_(context.input_place(0)),
          zero_point_(context.input(0).quant.zero_point),
          multiplier_(op.multiplier),
          count_include_padding_(op.count_include_padding) {}

  protected:
    void compute(const RunMemory& memory, int64_t pixel, float* numbers) const override {
        average_pool(geometry_, place_.levels(memory), zero_point_, multiplier_, count_include_padding_,
                     pixel, spare_row(memory), numbers);
    }

  private:
    ConvGeometry geometry_;
    ValuePlace place_;
    int32_t zero_point_;
    float multiplier_;
    bool count_include_padding_;
};

}  // namespace

std::unique_ptr<IntegerStep> make_number_step(const StepContext& context, const IntegerAffine& op) {
    return std::make_unique<AffineStep>(context, op);
}
std::unique_ptr<IntegerStep> make_number_step(const StepContext& context, const IntegerAdd& op) {
    return std::make_unique<AddStep>(context, op);
}
std::unique_ptr<IntegerStep> make_number_step(const StepContext& context, const IntegerMul& op) {
    return std::make_unique<MulStep>(context, op);
}
std::unique_ptr<IntegerStep> make_number_step(const StepContext& context, const IntegerAveragePool& op) {
    return std::make_unique<AveragePoolStep>(context, op);
}

}  // namespace quantface
