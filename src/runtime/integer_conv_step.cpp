// Convolutions: the kernels' own loops, with packed weights.
#include <utility>

#include "numerics/quantization.h"
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

// The weights as kernels take them. Offsets that leave the weights in int8 are added here, once for all.
struct KernelWeights {
    std::vector<int8_t> weight;   // in the model's order
    std::vector<int32_t> offset;  // with kChannelSlack; empty: none
};

KernelWeights kernel_weights(const IntegerConv& op) {
    KernelWeights result{op.weight, {}};
    if (!op.has_asymmetric_weights()) return result;
    if (op.weight_bits == kMaxBits) {
        result.offset.resize(op.bias.size() + kChannelSlack);
        for (size_t channel = 0; channel < op.bias.size(); ++channel) {
            result.offset[channel] = op.weight_offset(channel);
        }
        return result;
    }
    const size_t per_channel = op.weight.size() / op.bias.size();
    for (size_t index = 0; index < op.weight.size(); ++index) {
        result.weight[index] = static_cast<int8_t>(op.weight[index] + op.weight_offset(index / per_channel));
    }
    return result;
}

class ConvStep : public IntegerStep {
  public:
    ConvStep(const StepContext& context, const IntegerConv& op)
        : geometry_(window_geometry(op.window, context.input(0).shape,
                                    context.value(op.epilogue.outputs[0].value).shape, op.groups)),
          conv_(packs_well(geometry_, *context.kernels.conv) ? *context.kernels.conv
                                                             : conv_kernels().front()),
          depthwise_(geometry_.is_depthwise() ? context.kernels.depthwise : nullptr),
          padding_level_(op.padding_level),
          epilogue_(context.model, context.offsets, op.epilogue),
          input_(context.input_place(0)) {
        epilogue_.set_accumulator_scale(op);
        KernelWeights weights = kernel_weights(op);
        weight_ = depthwise_
                      ? depthwise_->pack(weights.weight.data(), geometry_.out_channels, geometry_.taps())
                      : conv_.pack(geometry_, weights.weight.data());
        weight_offset_ = std::move(weights.offset);
    }

    void run(const RunMemory& memory) const override {
        ConvArguments arguments;
        arguments.geometry = &geometry_;
        arguments.input = input_.levels(memory);
        arguments.weight = weight_.data();
        arguments.weight_offset = weight_offset_.empty() ? nullptr : weight_offset_.data();
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
    std::vector<int32_t> weight_offset_;
    std::vector<uint8_t> padding_level_;
    BoundEpilogue epilogue_;
    ValuePlace input_;
};

}  // namespace

std::unique_ptr<IntegerStep> make_conv_step(const StepContext& context, const IntegerConv& op) {
    return std::make_unique<ConvStep>(context, op);
}

}  // namespace quantface
