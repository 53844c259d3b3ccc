// Convolutions: the kernels' own loops, with packed weights.
#include "runtime/integer_epilogue.h"
#include "runtime/integer_step.h"

namespace quantface {

namespace {

// Blocked layouts fill up with zeros: harmless, unless a group has very few output channels and very many
// weights, which no face network has but a hostile file may.
constexpr int64_t kMaxPaddingFactor = 8;
constexpr int64_t kPaddingAllowance = 1 << 20;  // bytes

bool packs_well(const ConvGeometry& geometry, const ConvKernel& kernel) {
    const int64_t weights = geometry.out_channels * geometry.depth();
    return kernel.packed_bytes(geometry) <= weights * kMaxPaddingFactor + kPaddingAllowance;
}

class ConvStep : public IntegerStep {
  public:
    ConvStep(const StepContext& context, const IntegerConv& op)
        : geometry_(window_geometry(op.window, context.input(0).shape,
                                    context.value(op.epilogue.outputs[0].value).shape, op.groups)),
          conv_(packs_well(geometry_, *context.kernels.conv) ? *context.kernels.conv
                                                             : conv_kernels().front()),
          depthwise_(geometry_.is_depthwise() ? context.kernels.depthwise : nullptr),
          weight_(depthwise_ ? depthwise_->pack(op.weight.data(), geometry_.out_channels, geometry_.taps())
                             : conv_.pack(geometry_, op.weight.data())),
          padding_level_(op.padding_level),
          epilogue_(context.model, context.offsets, op.epilogue),
          input_(context.input_place(0)) {
        epilogue_.set_accumulator_scale(op.bias, op.multiplier);
    }

    void run(const RunMemory& memory) const override {
        ConvArguments arguments;
        arguments.geometry = &geometry_;
        arguments.input = input_.levels(memory);
        arguments.weight = weight_.data();
        arguments.padding_level = padding_level_.data();
        arguments.epilogue = &epilogue_.params();
        arguments.data = epilogue_.data(memory);
        arguments.scratch = memory.scratch;
        if (depthwise_) {
            convolve_depthwise(arguments, *depthwise_);
        } else {
            conv_.run(arguments);
        }
    }

    size_t scratch_bytes() const override {
        return depthwise_ ? depthwise_scratch_bytes(geometry_, *depthwise_) : conv_.scratch_bytes(geometry_);
    }
    size_t weight_bytes() const override { return weight_.size(); }

  private:
    ConvGeometry geometry_;
    const ConvKernel& conv_;
    const DepthwiseKernel* depthwise_;
    std::vector<int8_t> weight_;
    std::vector<uint8_t> padding_level_;
    BoundEpilogue epilogue_;
    ValuePlace input_;
};

}  // namespace

std::unique_ptr<IntegerStep> make_conv_step(const StepContext& context, const IntegerConv& op) {
    return std::make_unique<ConvStep>(context, op);
}

}  // namespace quantface
