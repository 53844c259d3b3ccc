// Integer models with random numbers: MobileFaceNet's shape, and small networks of all kinds of operations.
// All pass validate().
#pragma once

#include <vector>

#include "base/rng.h"
#include "graph/integer_model.h"

namespace quantface {

// Adds random operations to a model. Every method gives the (first direct) output's value.
class RandomModelBuilder {
  public:
    RandomModelBuilder(uint64_t seed, int height, int width);

    struct ConvOptions {
        int kernel_height = 1, kernel_width = 1;
        int stride = 1, dilation = 1;
        Padding padding;
        int groups = 1;
        int weight_bits = 8, bits = 8;  // of weights, of the output
        bool asymmetric_weights = false;
        // As in trained networks; else padding reads any levels, which only integer executors can do.
        bool zero_point_padding = false;
        Activation activation = Activation::kNone;
        bool activation_after_residual = false;
        ValueId residual = kNoValue;
        bool is_float = false;
    };
    ValueId conv(ValueId input, int out_channels, const ConvOptions& options);
    // A second output of the convolution added last: its numbers through a batch norm. Gives its value.
    ValueId batch_norm_output(int bits);

    // One random operation of any kind on values of the model so far.
    ValueId any_operation();

    ValueId input() const { return model_.input; }
    const Shape& shape(ValueId value) const { return model_.values[value].shape; }
    // The last value, which has to be float, as the output; with the values that nothing reads left in.
    IntegerModel finish(ValueId embedding);
    Rng& rng() { return rng_; }

  private:
    ValueId add_value(const Shape& shape, int bits, bool is_float = false);
    void add_node(IntegerOp op, std::vector<ValueId> inputs);
    // A value, random_level() of them.
    ValueId any_value();
    Epilogue random_epilogue(const Shape& shape, double spread);
    void add_output(Epilogue& epilogue, const Shape& shape, bool affine);
    uint8_t random_level(int max_level);
    // Zero points at the ends and between, and a bias that keeps the sums around zero.
    void make_asymmetric(IntegerConv& op, int max_level);
    IntegerConv random_conv(const Shape& in, const Shape& out, const ConvOptions& options);
    ValueId random_conv_node();
    ValueId random_affine();
    ValueId random_add_or_mul();
    ValueId random_lut();
    ValueId random_pool();
    ValueId random_concat();
    int random_bits() { return 2 + static_cast<int>(rng_.below(7)); }
    float random_half(double low, double high);

    Rng rng_;
    IntegerModel model_;
};

// 112x112 to 128 numbers, 0.22 G multiply-accumulates: the layers of MobileFaceNet (Chen et al., 2018). What
// all convolutions share is taken from `shared`: bits, kind of weights, padding.
IntegerModel random_mobile_face_net(uint64_t seed, const RandomModelBuilder::ConvOptions& shared = {});

// A small image through `operations` random operations of all kinds, then a convolution to the embedding.
IntegerModel random_network(uint64_t seed, int operations);

std::vector<uint8_t> random_pixels(const IntegerModel& model, Rng& rng);

}  // namespace quantface
