// The inner loops of training on a CPU: the fused epilogue of a quantized operation, depthwise convolution,
// weights to levels and an activation whose input is watched, forward and backward, and the optimizer's step.
// One table row for each instruction set; libtorch is not known here.
//
// Tensors are channels-last: rows of `channels` numbers, one row a pixel. Numbers are float32 or bfloat16
// (the upper half of a float32, rounded to nearest even). Vectors of one entry a channel are float32 and hold
// padded_channels() entries, whatever stands in the last ones.
#pragma once

#include <cstdint>

namespace quantface {

struct Bfloat16 {
    uint16_t bits;
};

constexpr int kChannelPadding = 16;
constexpr int padded_channels(int channels) {
    return (channels + kChannelPadding - 1) / kChannelPadding * kChannelPadding;
}

// From an accumulator to levels (graph/integer_model.h's epilogue, with real units in between):
//   r = (accumulator + whole[c]) * multiplier[c] + part[c], which together hold the bias
//   r = act(r) unless after;  r = r + residual * residual_multiplier;  r = act(r) if after
//       act(r) = clamp(max(r, 0) + min(r, 0) * slope[c], clip_low, clip_high)
//   r = r * scale[c] + shift[c], where scale is not null
//   level = round_half_to_even(clamp(r / step, low, high)): the level less the zero point, which is -low
struct FusedEpilogue {
    int channels = 0;
    const float* whole = nullptr;
    const float* multiplier = nullptr;
    const float* part = nullptr;
    const float* slope = nullptr;
    float clip_low = 0, clip_high = 0;
    bool activation_after_residual = false;
    float residual_multiplier = 0;
    const float* scale = nullptr;  // null together with shift: none
    const float* shift = nullptr;
    float inverse_step = 1;
    float low = 0, high = 255;
};

// What backward adds to: sums over the rows. The gradient passes the rounding unchanged where the level lies
// within its bounds (by half a level or more inside), and is zero beyond, where it goes to the zero point
// instead (Esser et al., "Learned Step Size Quantization", ICLR 2020; Bhalgat et al., "LSQ+", 2020).
//
// The bias' gradient is that of r; the multiplier's is of accumulator * multiplier + bias, with a bias that
// does not depend on it.
struct FusedEpilogueSums {
    float* multiplier = nullptr;  // channels
    float* bias = nullptr;
    float* slope = nullptr;
    float* scale = nullptr;  // where the epilogue has one
    float* shift = nullptr;
    double residual_multiplier = 0;
    double real_over_step =
        0;  // sum of gradient * (r / step) inside the bounds: minus step times the step's gradient
    double clipped = 0;  // sum of the gradient outside: minus the zero point's gradient
};

// A depthwise convolution with one filter a channel. weight: tap-major, (kernel_height * kernel_width) rows
// of padded_channels() numbers. Padding is with zeros.
struct DepthwiseShape {
    int64_t batch = 1;
    int channels = 1;
    int height = 1, width = 1;          // of the input
    int out_height = 1, out_width = 1;  // of the output
    int kernel_height = 1, kernel_width = 1;
    int stride_y = 1, stride_x = 1;
    int pad_top = 0, pad_left = 0;
};

// A convolution's weights and the levels they stand for, (rows, columns), one row for each output channel:
//   level = round_half_to_even(clamp(weight * factor[row], low[row], high[row])), |low|, |high| < 2^22
// Backward: the gradient passes where weight * factor lies within half a level of the bounds.
struct WeightRows {
    int64_t columns = 0;
    const float* factor = nullptr;
    const float* low = nullptr;
    const float* high = nullptr;
};

// One step of Adam (Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015) on `count` numbers:
//   g = gradient * gradient_factor + parameter * weight_decay
//   first = first * beta1 + g * (1 - beta1);  second = second * beta2 + g * g * (1 - beta2)
//   parameter -= rate * first / (sqrt(second * second_factor) + epsilon)
// and, where `average` is not null, average = average * average_decay + parameter * (1 - average_decay).
struct AdamStep {
    float gradient_factor = 1, weight_decay = 0;
    float beta1 = 0.9f, beta2 = 0.99f;
    float rate = 0;           // over what the first moments lack of their sum of weights
    float second_factor = 1;  // one over what the second ones lack
    float epsilon = 0;
    float average_decay = 0;
};

// Scale and shift by channel (a batch norm's), the activation behind them, and a watch on what goes in:
//   r = x * scale[c] + shift[c];  output = min(max(r, 0) + min(r, 0) * slope[c], high), high > 0
// summed are x - centre[c] and its square: near the mean, squares lose nothing to cancellation.
struct WatchedActivation {
    int channels = 0;
    const float* scale = nullptr;
    const float* shift = nullptr;
    const float* slope = nullptr;
    const float* centre = nullptr;
    float high = 0;
};

template <typename T>
struct TrainingKernelsOf {
    // residual: null where there is none.
    void (*epilogue_forward)(const FusedEpilogue&, int64_t rows, const T* accumulator, const T* residual,
                             T* level);
    // gradient: of the levels. gradient_residual: null where there is no residual.
    void (*epilogue_backward)(const FusedEpilogue&, int64_t rows, const T* accumulator, const T* residual,
                              const T* gradient, T* gradient_accumulator, T* gradient_residual,
                              FusedEpilogueSums&);
    // Output rows [first, last) of batch * out_height.
    void (*depthwise_forward)(const DepthwiseShape&, const T* input, const float* weight, T* output,
                              int64_t first, int64_t last);
    // Input rows [first, last) of batch * height.
    void (*depthwise_backward_input)(const DepthwiseShape&, const T* gradient, const float* weight,
                                     T* gradient_input, int64_t first, int64_t last);
    // Adds what output rows [first, last) give to gradient_weight (tap-major, padded).
    void (*depthwise_backward_weight)(const DepthwiseShape&, const T* input, const T* gradient,
                                      float* gradient_weight, int64_t first, int64_t last);
    // Adds to sums and squares, `channels` entries each.
    void (*watched_forward)(const WatchedActivation&, int64_t rows, const T* input, T* output, double* sums,
                            double* squares);
    // The gradient of the output, passed back, plus constant[c] + linear[c] * (x - centre[c]), which is what
    // any function of the two sums gives.
    void (*watched_backward)(const WatchedActivation&, int64_t rows, const T* input, const T* gradient,
                             const float* constant, const float* linear, T* gradient_input);
};

struct TrainingKernels {
    const char* name;
    TrainingKernelsOf<float> single;
    TrainingKernelsOf<Bfloat16> half;
    void (*adam)(const AdamStep&, int64_t count, const float* gradient, float* parameter, float* first,
                 float* second, float* average);
    double (*sum_of_squares)(int64_t count, const float* numbers);
    // Rows [first, last).
    void (*weight_levels)(const WeightRows&, const float* weight, float* level, int64_t first, int64_t last);
    // gradient: of the levels. gradient_log_factor: one entry a row, sum of gradient * weight * factor.
    void (*weight_levels_backward)(const WeightRows&, const float* weight, const float* gradient,
                                   float* gradient_weight, float* gradient_log_factor, int64_t first,
                                   int64_t last);

    template <typename T>
    const TrainingKernelsOf<T>& of() const;
};
template <>
inline const TrainingKernelsOf<float>& TrainingKernels::of<float>() const {
    return single;
}
template <>
inline const TrainingKernelsOf<Bfloat16>& TrainingKernels::of<Bfloat16>() const {
    return half;
}

// The fastest that this CPU has.
const TrainingKernels& training_kernels();

// One row each, in their own files. All compute the same: epilogue, levels and Adam to the bit, depthwise
// convolution and sums up to their rounding (exactly, where inputs and weights are whole numbers of modest
// size).
const TrainingKernels& training_kernels_portable();
#if defined(QUANTFACE_X86_KERNELS)
const TrainingKernels& training_kernels_avx2();
const TrainingKernels& training_kernels_avx512();
#endif

}  // namespace quantface
