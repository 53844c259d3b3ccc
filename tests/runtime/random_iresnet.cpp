#include "random_iresnet.h"

#include <array>
#include <map>

#include "base/error.h"

namespace quantface {

namespace {

constexpr int kEmbeddingSize = 512;

// What one block hands to the next: the sum, and its batch norm, which the next block begins with.
struct BlockValues {
    ValueId sum = kNoValue, normalised = kNoValue;
};

class IResNetBuilder {
  public:
    IResNetBuilder(uint64_t seed, int extent, const RandomModelBuilder::ConvOptions& shared)
        : builder_(seed, extent, extent), shared_(shared) {}

    IntegerModel build(const std::array<int, 4>& blocks) {
        BlockValues values;
        values.sum = conv3x3(builder_.input(), 64, 1, Activation::kPRelu, kNoValue);
        values.normalised = builder_.batch_norm_output(shared_.bits);
        for (size_t stage = 0; stage < blocks.size(); ++stage) {
            for (int block = 0; block < blocks[stage]; ++block) {
                const bool is_last = stage + 1 == blocks.size() && block + 1 == blocks[stage];
                values = add_block(values, 64 << stage, block == 0, is_last);
            }
        }
        return builder_.finish(whole_image(values.sum));
    }

  private:
    ValueId conv3x3(ValueId input, int channels, int stride, Activation activation, ValueId residual) {
        RandomModelBuilder::ConvOptions options = shared_;
        options.kernel_height = options.kernel_width = 3;
        options.stride = stride;
        options.padding = {1, 1, 1, 1};
        options.activation = activation;
        options.residual = residual;
        return builder_.conv(input, channels, options);
    }

    BlockValues add_block(const BlockValues& in, int channels, bool is_first, bool is_last) {
        ValueId shortcut = in.sum;
        if (is_first) {
            RandomModelBuilder::ConvOptions options = shared_;
            options.stride = 2;
            shortcut = builder_.conv(in.sum, channels, options);
        }
        const ValueId inner = conv3x3(in.normalised, channels, 1, Activation::kPRelu, kNoValue);
        BlockValues out;
        out.sum = conv3x3(inner, channels, is_first ? 2 : 1, Activation::kNone, shortcut);
        // The batch norm behind the last block is part of the convolution that ends the network.
        if (!is_last) out.normalised = builder_.batch_norm_output(shared_.bits);
        return out;
    }

    // The fully connected layer: one window as large as what comes in.
    ValueId whole_image(ValueId input) {
        RandomModelBuilder::ConvOptions options = shared_;
        options.kernel_height = builder_.shape(input).height;
        options.kernel_width = builder_.shape(input).width;
        options.is_float = true;
        return builder_.conv(input, kEmbeddingSize, options);
    }

    RandomModelBuilder builder_;
    RandomModelBuilder::ConvOptions shared_;
};

}  // namespace

IntegerModel random_iresnet(uint64_t seed, int layers, int extent,
                            const RandomModelBuilder::ConvOptions& shared) {
    static const std::map<int, std::array<int, 4>> kBlocks = {
        {18, {2, 2, 2, 2}}, {34, {3, 4, 6, 3}}, {50, {3, 4, 14, 3}}, {100, {3, 13, 30, 3}}};
    const auto found = kBlocks.find(layers);
    if (found == kBlocks.end()) fail_usage("IResNet of " + std::to_string(layers) + " layers: unknown");
    return IResNetBuilder(seed, extent, shared).build(found->second);
}

}  // namespace quantface
