// The float graph's operations: one attribute struct each. A value is one image's (channels, height, width);
// the batch dimension is implicit everywhere. Per-channel vectors have `channels` entries.
#pragma once

#include <array>
#include <limits>
#include <variant>
#include <vector>

#include "graph/tensor.h"
#include "numerics/quantization.h"

namespace quantface {

// Pixels of padding, in the order of the ONNX attribute.
struct Padding {
    int top = 0, left = 0, bottom = 0, right = 0;
    bool operator==(const Padding&) const = default;
    bool any() const { return top || left || bottom || right; }
};

struct Window {
    int kernel_height = 1, kernel_width = 1;
    int stride_y = 1, stride_x = 1;
    int dilation_y = 1, dilation_x = 1;
    Padding padding;
};

// weight: (out channels, in channels / groups, kernel height, kernel width); bias: out channels, or empty.
// Padding is with zeros.
struct ConvOp {
    Window window;
    int groups = 1;
    Tensor weight;
    std::vector<float> bias;
};

// On a (features, 1, 1) value. weight: (out features, in features); bias: out features, or empty.
struct GemmOp {
    Tensor weight;
    std::vector<float> bias;
};

// (x - mean) / sqrt(variance + epsilon) * scale + bias, per channel.
struct BatchNormOp {
    std::vector<float> scale, bias, mean, variance;
    float epsilon = 1e-5f;
};

// x * scale + shift, per channel: Mul, Add, Sub or Div by a constant.
struct AffineOp {
    std::vector<float> scale, shift;
};

// x if x >= 0, else x * slope, per channel. Also ReLU (slope 0) where written so by a pass.
struct PReluOp {
    std::vector<float> slope;
};

struct ReluOp {};
struct LeakyReluOp {
    float slope = 0.01f;
};
struct ClipOp {
    float low = -std::numeric_limits<float>::infinity();
    float high = std::numeric_limits<float>::infinity();
};
struct SigmoidOp {};
// max(0, min(1, alpha * x + beta))
struct HardSigmoidOp {
    float alpha = 0.2f, beta = 0.5f;
};
// x * max(0, min(1, x / 6 + 0.5))
struct HardSwishOp {};

// Two inputs. Same shape, or one of them (channels, 1, 1) and broadcast over the image.
struct AddOp {};
struct SubOp {};
struct MulOp {};

// (c, h, w) to (c*h*w, 1, 1), channel slowest.
struct FlattenOp {};
struct GlobalAveragePoolOp {};
struct AveragePoolOp {
    Window window;
    bool count_include_padding = false;
};
struct MaxPoolOp {
    Window window;
};
// Along channels, two or more inputs.
struct ConcatOp {};
struct IdentityOp {};

// To levels and back: what a quantized value loses (numerics/quantization.h).
struct FakeQuantOp {
    QuantParams params;
};

using Op = std::variant<ConvOp, GemmOp, BatchNormOp, AffineOp, PReluOp, ReluOp, LeakyReluOp, ClipOp,
                        SigmoidOp, HardSigmoidOp, HardSwishOp, AddOp, SubOp, MulOp, FlattenOp,
                        GlobalAveragePoolOp, AveragePoolOp, MaxPoolOp, ConcatOp, IdentityOp, FakeQuantOp>;

// "Conv", "PRelu", ...
const char* op_name(const Op& op);

}  // namespace quantface
