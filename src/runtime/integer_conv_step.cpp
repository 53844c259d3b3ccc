// Convolutions: the kernels' own loops, with packed weights.
#include <algorithm>
#include <cstdlib>
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

const ConvKernel& that_packs_well(const ConvKernel& kernel, const ConvGeometry& geometry) {
    const int64_t weights = geometry.out_channels * geometry.depth();
    const bool well = conv_packed_bytes(kernel, geometry) <= weights * kMaxPaddingFactor + kPaddingAllowance;
    return well ? kernel : conv_kernels().front();
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

// Of the input and of the padding.
int32_t largest_level(const IntegerConv& op, const QuantParams& input) {
    int32_t level = input.max_level();
    for (const uint8_t number : op.padding_level) level = std::max(level, int32_t{number});
    return level;
}

// No level times a weight is more.
int32_t largest_product(const IntegerConv& op, const QuantParams& input, const KernelWeights& weights) {
    int32_t weight = 0;
    for (const int8_t number : weights.weight) weight = std::max(weight, std::abs(int32_t{number}));
    return largest_level(op, input) * weight;
}

class ConvStep : public IntegerStep {
  public:
    ConvStep(const StepContext& context, const IntegerConv& op) : ConvStep(context, op, kernel_weights(op)) {}

    void run(const RunMemory& memory, const Share& share) const override {
        ConvArguments arguments;
        arguments.geometry = &geometry_;
        arguments.input = input_.levels(memory);
        arguments.weight = reinterpret_cast<const int8_t*>(weight_.data());
        arguments.weight_offset = weight_offset_.empty() ? nullptr : weight_offset_.data();
        arguments.padding_level = padding_level_.data();
        arguments.padding_sums = padding_sums_.empty() ? nullptr : padding_sums_.data();
        arguments.largest_product = largest_product_;
        arguments.next_weight = next_weight_;
        arguments.epilogue = &epilogue_.params();
        arguments.data = epilogue_.data(memory);
        arguments.scratch = memory.scratch;
        if (depthwise_) {
            run_depthwise(*depthwise_, arguments, part(share));
        } else {
            run_conv(conv_, arguments, part(share));
        }
    }

    int most_shares() const override {
        // Products that take a few microseconds; a depthwise one costs more, as it has no sum to share.
        constexpr int64_t kProductsOfAShare = 512 * 1024, kDepthwiseProductsOfAShare = 64 * 1024;
        const int64_t products = geometry_.out_channels * geometry_.depth() * geometry_.out_pixels();
        const int worthwhile =
            shares_of(products, depthwise_ ? kDepthwiseProductsOfAShare : kProductsOfAShare);
        const int64_t units = by_channels_ ? channel_blocks() : geometry_.out_pixels();
        return static_cast<int>(std::min<int64_t>(worthwhile, units));
    }

    const char* kernel_name() const override { return depthwise_ ? depthwise_->name : conv_.name; }
    size_t scratch_bytes() const override {
        return depthwise_ ? depthwise_scratch_bytes(geometry_) : conv_scratch_bytes(conv_, geometry_);
    }
    std::span<const std::byte> weight() const override { return weight_.bytes(); }
    void move_weight(ByteArena& arena) override { weight_.move_to(arena); }
    void set_next_weight(std::span<const std::byte> weight) override {
        constexpr size_t kMostBytes = 256 * 1024;  // of the second-level cache
        next_weight_ = weight.first(std::min(weight.size(), kMostBytes));
    }

  private:
    ConvStep(const StepContext& context, const IntegerConv& op, KernelWeights weights)
        : geometry_(window_geometry(op.window, context.input(0).shape,
                                    context.value(op.epilogue.outputs[0].value).shape, op.groups)),
          largest_product_(largest_product(op, context.input(0).quant, weights)),
          conv_(that_packs_well(context.kernels.conv_for(largest_product_), geometry_)),
          depthwise_(geometry_.is_depthwise()
                         ? context.kernels.depthwise_for(geometry_, largest_product_, !weights.offset.empty())
                         : nullptr),
          weight_(depthwise_ ? depthwise_->pack(geometry_, weights.weight.data())
                             : pack_conv(conv_, geometry_, weights.weight.data())),
          padding_sums_(
              op.window.padding.any() && !depthwise_
                  ? conv_padding_sums(conv_, geometry_, weights.weight.data(), op.padding_level.data())
                  : std::vector<int32_t>()),
          weight_offset_(std::move(weights.offset)),
          padding_level_(op.padding_level),
          epilogue_(context.model, context.offsets, op.epilogue),
          input_(context.input_place(0)) {
        epilogue_.set_accumulator_scale(op, largest_level(op, context.input(0).quant));
        // The larger operand is what is better read only once.
        const int64_t input_bytes = int64_t{geometry_.in_height} * geometry_.in_width * geometry_.in_channels;
        const bool divisible = (geometry_.groups == 1 || depthwise_) && channel_blocks() > 1;
        by_channels_ = divisible && static_cast<int64_t>(weight_.bytes().size()) > input_bytes;
    }

    int64_t channel_blocks() const {
        return (geometry_.out_channels + kMaxGemmColumns - 1) / kMaxGemmColumns;
    }

    ConvPart part(const Share& share) const {
        ConvPart part = whole(geometry_);
        if (by_channels_) {
            part.first_channel = static_cast<int>(share.begin(geometry_.out_channels, kMaxGemmColumns));
            part.end_channel = static_cast<int>(share.end(geometry_.out_channels, kMaxGemmColumns));
        } else {
            part.first_pixel = share.begin(geometry_.out_pixels());
            part.end_pixel = share.end(geometry_.out_pixels());
        }
        return part;
    }

    ConvGeometry geometry_;
    int32_t largest_product_;
    const ConvKernel& conv_;
    const DepthwiseKernel* depthwise_;
    StepWeight weight_;
    std::vector<int32_t> padding_sums_;
    std::vector<int32_t> weight_offset_;
    std::vector<uint8_t> padding_level_;
    std::span<const std::byte> next_weight_;
    BoundEpilogue epilogue_;
    ValuePlace input_;
    bool by_channels_;
};

// One output pixel that sees every input once, and symmetric weights of few bits that no cache holds.
bool is_large_fully_connected(const StepContext& context, const IntegerConv& op) {
    constexpr int64_t kManyWeights = 1 << 20;
    const Shape& in = context.input(0).shape;
    const Shape& out = context.value(op.epilogue.outputs[0].value).shape;
    const Window& window = op.window;
    return context.kernels.fully_connected && op.groups == 1 && packed_bits(op.weight_bits) != 0 &&
           !op.has_asymmetric_weights() && static_cast<int64_t>(op.weight.size()) >= kManyWeights &&
           out.plane() == 1 && window.kernel_height == in.height && window.kernel_width == in.width &&
           window.dilation_y == 1 && window.dilation_x == 1 && !window.padding.any();
}

class FullyConnectedStep : public IntegerStep {
  public:
    FullyConnectedStep(const StepContext& context, const IntegerConv& op)
        : kernel_(*context.kernels.fully_connected),
          depth_(context.input(0).shape.size()),
          channels_(context.value(op.epilogue.outputs[0].value).shape.channels),
          bits_(packed_bits(op.weight_bits)),
          weight_(pack_fully_connected(kernel_, depth_, channels_, bits_, op.weight.data())),
          epilogue_(context.model, context.offsets, op.epilogue),
          input_(context.input_place(0)) {
        epilogue_.set_accumulator_scale(op, largest_level(op, context.input(0).quant));
    }

    void run(const RunMemory& memory, const Share& share) const override {
        FullyConnectedArguments arguments;
        arguments.input = input_.levels(memory);
        arguments.depth = depth_;
        arguments.out_channels = channels_;
        arguments.bits = bits_;
        arguments.weight = weight_.data();
        arguments.epilogue = &epilogue_.params();
        arguments.data = epilogue_.data(memory);
        arguments.scratch = memory.scratch;
        run_fully_connected(kernel_, arguments, static_cast<int>(share.begin(channels_, kernel_.columns)),
                            static_cast<int>(share.end(channels_, kernel_.columns)));
    }

    int most_shares() const override { return (channels_ + kernel_.columns - 1) / kernel_.columns; }
    const char* kernel_name() const override { return kernel_.name; }
    size_t scratch_bytes() const override { return fully_connected_scratch_bytes(depth_); }
    std::span<const std::byte> weight() const override { return weight_.bytes(); }
    void move_weight(ByteArena& arena) override { weight_.move_to(arena); }

  private:
    const FullyConnectedKernel& kernel_;
    int64_t depth_;
    int channels_;
    int bits_;
    StepWeight weight_;
    BoundEpilogue epilogue_;
    ValuePlace input_;
};

}  // namespace

std::unique_ptr<IntegerStep> make_conv_step(const StepContext& context, const IntegerConv& op) {
    if (is_large_fully_connected(context, op)) return std::make_unique<FullyConnectedStep>(context, op);
    return std::make_unique<ConvStep>(context, op);
}

}  // namespace quantface
