// The integer network: what the quantizer makes, the .qfm file stores and the integer executor runs.
//
// Values are u8 levels (QuantParams each), one image's (channels, height, width); the executor lays them out
// NHWC. The last value, the embedding, is float32. Each operation computes an exact int32 accumulator (or an
// exact float32 number where it has none) and hands it to its epilogue.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "graph/graph.h"
#include "numerics/quantization.h"

namespace quantface {

struct IntegerValue {
    std::string name;
    Shape shape;
    bool is_float = false;  // float32 numbers instead of levels: the embedding only
    QuantParams quant;      // where not is_float
};

enum class Activation : uint8_t {
    kNone = 0,
    kPRelu = 1,  // r < 0 ? r * slope[c] : r
    kClip = 2,   // min(max(r, clip_low), clip_high), in units of r
};

// One place to which an operation's result goes. Direct: the level of r. With scale and shift (both of
// `channels` entries): the level of r * scale[c] + shift[c] (two roundings, no contraction), which keeps a
// batch norm that stands before a padded convolution exact.
struct IntegerOutput {
    ValueId value = kNoValue;
    std::vector<float> scale, shift;  // both empty: direct
};

// From an operation's number r (float32, in units of the first direct output's scale; of 1 for the
// embedding):
//   1. the activation, unless activation_after_residual
//   2. r = r + float32(level - zero point) * residual_multiplier, where residual != kNoValue (same shape)
//   3. the activation, if activation_after_residual
//   4. each output.
// Every step is one correctly rounded float32 operation.
struct Epilogue {
    Activation activation = Activation::kNone;
    bool activation_after_residual = false;
    std::vector<float> slope;  // kPRelu: channels entries, each exactly a binary16 number
    float clip_low = 0, clip_high = 0;
    ValueId residual = kNoValue;
    float residual_multiplier = 0;
    std::vector<IntegerOutput> outputs;  // 1 or 2
};

// r = float32(sum of (weight + offset[c]) * level + whole[c]) * multiplier[c] + multiplier[c] * part[c],
// offset[c] = weight_offset(). whole and part are the bias: bias[c] / 2^bias_fraction_bits rounded down, and
// what is left of it in [0, 1). (With few bits a unit of the accumulator may be half an output level: too
// coarse for a bias.) Without fraction bits the last addition is left out. The input's zero point is folded
// into the bias; padding reads `padding_level` (one entry for every input channel), normally the input's zero
// point. Symmetric weights (weight_zero_point empty) are what is stored, |weight| < 2^(weight_bits - 1);
// their offset is 0. Asymmetric weights are levels q = 0..2^weight_bits - 1 that stand for q -
// weight_zero_point[c]; so that they fit int8, `weight` holds q - 2^(weight_bits - 1).
struct IntegerConv {
    Window window;
    int groups = 1;
    int weight_bits = 8;  // 2..8, as stored
    std::vector<int8_t>
        weight;  // (out channels, kernel height, kernel width, in channels / groups): channel fastest
    std::vector<uint8_t> weight_zero_point;  // empty, or out channels, each 0..2^weight_bits - 1
    std::vector<int32_t> bias;      // out channels, in units of the accumulator / 2^bias_fraction_bits
    int bias_fraction_bits = 0;     // 0..kMaxBiasFractionBits
    std::vector<float> multiplier;  // out channels; each is binary16 * 2^multiplier_exponent exactly
    int multiplier_exponent = 0;
    std::vector<uint8_t> padding_level;  // in channels
    Epilogue epilogue;

    // What is added to an accumulator, and to its number: exact.
    int32_t whole_bias(size_t channel) const { return bias[channel] >> bias_fraction_bits; }
    float part_of_bias(size_t channel) const {
        const int32_t part = bias[channel] & ((1 << bias_fraction_bits) - 1);
        return multiplier[channel] * static_cast<float>(part) / static_cast<float>(1 << bias_fraction_bits);
    }

    bool has_asymmetric_weights() const { return !weight_zero_point.empty(); }
    // What every weight of an output channel stands for more than is stored, -127..128. Added to the weights
    // themselves it gives numbers of int8 again up to 7 bits, but not at 8.
    int32_t weight_offset(size_t channel) const {
        return has_asymmetric_weights() ? (1 << (weight_bits - 1)) - weight_zero_point[channel] : 0;
    }
};

// More would make part_of_bias() inexact: 11 bits of a multiplier, 8 of the part, of float32's 24.
constexpr int kMaxBiasFractionBits = 8;

// r = float32(level - zero point) * multiplier[c] + shift[c] of one input: a batch norm, activation or
// requantization that found no producer to join. multiplier and shift have `channels` entries.
struct IntegerAffine {
    std::vector<float> multiplier, shift;
    Epilogue epilogue;
};

// r = float32(a - zero point) * multiplier_a + float32(b - zero point) * multiplier_b.
// (Subtraction: a negative multiplier.) Either both of one shape, or b (channels, 1, 1).
struct IntegerAdd {
    float multiplier_a = 0, multiplier_b = 0;
    Epilogue epilogue;
};

// r = float32((a - zero point) * (b - zero point)) * multiplier; b of a's shape or (channels, 1, 1).
struct IntegerMul {
    float multiplier = 0;
    Epilogue epilogue;
};

// level out = table[level in]; table has 2^bits(in) entries, each within the output's levels. One output, no
// epilogue.
struct IntegerLut {
    std::vector<uint8_t> table;
    ValueId output = kNoValue;
};

// Maximum of levels over the window, padding ignored. Output quantized as the input. No epilogue.
struct IntegerMaxPool {
    Window window;
    ValueId output = kNoValue;
};

// r = float32(sum over the window of (level - zero point)) * multiplier / float32(count): one multiplication,
// then one division. Padding adds nothing to the sum; count is the whole window's or the pixels within the
// image. Global pooling is a window of the image's size.
struct IntegerAveragePool {
    Window window;
    bool count_include_padding = false;
    float multiplier = 0;
    Epilogue epilogue;
};

// Along channels: each input is requantized, r = float32(level - zero point) * multiplier[i], to the one
// output's levels.
struct IntegerConcat {
    std::vector<float> multiplier;  // one for each input
    ValueId output = kNoValue;
};

using IntegerOp = std::variant<IntegerConv, IntegerAffine, IntegerAdd, IntegerMul, IntegerLut, IntegerMaxPool,
                               IntegerAveragePool, IntegerConcat>;

struct IntegerNode {
    std::string name;
    IntegerOp op;
    std::vector<ValueId> inputs;  // without the epilogue's residual
};

// The input value holds the image's pixels as they come (u8, 3 channels, the spec's colour order, scale 1,
// zero point 0); offset and scale of the input are folded into the first operation.
struct IntegerModel {
    std::string name;
    InputSpec input_spec;  // size, colour order, and for the record the teacher's mean and std
    std::vector<IntegerValue> values;
    std::vector<IntegerNode> nodes;  // topological order
    ValueId input = kNoValue;
    ValueId output = kNoValue;   // is_float, (dimension, 1, 1)
    std::string teacher_sha256;  // 64 hexadecimal digits, or empty
    std::string record;          // JSON: how the model was made (bits, data, observer, program version)

    int embedding_size() const { return values[output].shape.channels; }
};

const char* op_name(const IntegerOp& op);
// The values that the node writes.
std::vector<ValueId> outputs_of(const IntegerNode& node);
// The node's epilogue, or null where its kind has none.
const Epilogue* epilogue_of(const IntegerNode& node);

// Checks everything an executor relies on: shapes, vector lengths, ranges of levels and bits, finite numbers,
// multipliers and slopes exactly representable as stored, topological order, one writer for each value, and
// that no accumulator can leave int32. Throws Error(kBadInput), one line that names the node; models from
// files are hostile until this passed.
void validate(const IntegerModel& model);

// Bytes of weights as packed, and multiply-accumulates per image.
uint64_t packed_weight_bytes(const IntegerModel& model);
int64_t multiply_accumulates(const IntegerModel& model, const IntegerNode& node);

}  // namespace quantface
