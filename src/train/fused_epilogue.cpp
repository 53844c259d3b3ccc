#include "train/fused_epilogue.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "train/kernels/training_kernels.h"
#include "train/parallel_parts.h"
#include "train/tensor_operations.h"

namespace quantface {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor channels_last(const at::Tensor& tensor) {
    return tensor.contiguous(at::MemoryFormat::ChannelsLast);
}

// One entry a channel, padded as the kernels want it; `otherwise` where undefined.
std::vector<float> channel_vector(const at::Tensor& tensor, int channels, float otherwise) {
    std::vector<float> numbers(padded_channels(channels), otherwise);
    if (!tensor.defined()) return numbers;
    const at::Tensor plain = tensor.detach().to(at::kFloat).contiguous();
    QF_CHECK(plain.numel() == channels);
    std::copy_n(plain.data_ptr<float>(), channels, numbers.begin());
    return numbers;
}

float number(const at::Tensor& tensor) {
    return tensor.item<float>();
}

// The epilogue with storage for its vectors.
struct PreparedEpilogue {
    FusedEpilogue form;
    std::vector<float> whole, multiplier, part, slope, scale, shift;
    bool zero_point_moves = false;  // its gradient is not cut off by its bounds

    PreparedEpilogue(const EpilogueTensors& tensors, int channels)
        : whole(channel_vector(tensors.whole, channels, 0)),
          multiplier(channel_vector(tensors.multiplier, channels, 1)),
          part(channel_vector(tensors.part.defined() ? tensors.part : tensors.bias, channels, 0)),
          slope(channel_vector(tensors.slope, channels, 1)) {
        form.channels = channels;
        form.whole = whole.data();
        form.multiplier = multiplier.data();
        form.part = part.data();
        form.slope = slope.data();
        form.clip_low = static_cast<float>(tensors.clip_low);
        form.clip_high = static_cast<float>(tensors.clip_high);
        form.activation_after_residual = tensors.activation_after_residual;
        if (tensors.residual.defined()) form.residual_multiplier = number(tensors.residual_multiplier);
        if (tensors.scale.defined()) {
            scale = channel_vector(tensors.scale, channels, 1);
            shift = channel_vector(tensors.shift, channels, 0);
            form.scale = scale.data();
            form.shift = shift.data();
        }
        form.inverse_step = 1.0f / number(tensors.step);
        const auto largest = static_cast<float>((1 << tensors.bits) - 1);
        const float wanted = number(tensors.zero_point);
        const float zero_point = std::clamp(std::nearbyint(wanted), 0.0f, largest);
        zero_point_moves = wanted >= 0 && wanted <= largest;
        form.low = 0.0f - zero_point;
        form.high = largest - zero_point;
    }
};

// One part's sums.
struct PartSums {
    std::vector<float> multiplier, bias, slope, scale, shift;
    FusedEpilogueSums sums;
    explicit PartSums(int padded)
        : multiplier(padded), bias(padded), slope(padded), scale(padded), shift(padded) {
        sums.multiplier = multiplier.data();
        sums.bias = bias.data();
        sums.slope = slope.data();
        sums.scale = scale.data();
        sums.shift = shift.data();
    }
};

at::Tensor add_up(const std::vector<PartSums>& parts, std::vector<float> PartSums::*member, int channels) {
    at::Tensor total = at::empty({channels}, at::kFloat);
    float* numbers = total.data_ptr<float>();
    for (int channel = 0; channel < channels; ++channel) {
        double sum = 0;
        for (const PartSums& part : parts) sum += static_cast<double>((part.*member)[channel]);
        numbers[channel] = static_cast<float>(sum);
    }
    return total;
}

double add_up(const std::vector<PartSums>& parts, double FusedEpilogueSums::*member) {
    double sum = 0;
    for (const PartSums& part : parts) sum += part.sums.*member;
    return sum;
}

at::Tensor scalar_like(double value, const at::Tensor& like) {
    return at::full(like.sizes(), value, at::kFloat);
}

template <typename T>
void run_forward(const PreparedEpilogue& epilogue, const at::Tensor& accumulator, const at::Tensor& residual,
                 const at::Tensor& level) {
    const int channels = epilogue.form.channels;
    for_each_part(accumulator.numel() / channels, [&](int64_t first, int64_t count, int64_t) {
        const int64_t at = first * channels;
        const T* residual_part = residual.defined() ? raw<T>(residual) + at : nullptr;
        training_kernels().of<T>().epilogue_forward(epilogue.form, count, raw<T>(accumulator) + at,
                                                    residual_part, raw<T>(level) + at);
    });
}

template <typename T>
void run_backward(const PreparedEpilogue& epilogue, const at::Tensor& accumulator, const at::Tensor& residual,
                  const at::Tensor& gradient, const at::Tensor& gradient_accumulator,
                  const at::Tensor& gradient_residual, std::vector<PartSums>& parts) {
    const int channels = epilogue.form.channels;
    for_each_part(accumulator.numel() / channels, [&](int64_t first, int64_t count, int64_t part) {
        const int64_t at = first * channels;
        const bool has_residual = residual.defined();
        training_kernels().of<T>().epilogue_backward(
            epilogue.form, count, raw<T>(accumulator) + at, has_residual ? raw<T>(residual) + at : nullptr,
            raw<T>(gradient) + at, raw<T>(gradient_accumulator) + at,
            has_residual ? raw<T>(gradient_residual) + at : nullptr, parts[static_cast<size_t>(part)].sums);
    });
}

// The tensors' order among the function's inputs.
enum Input {
    kAccumulator,
    kMultiplier,
    kBias,
    kSlope,
    kWhole,
    kPart,
    kResidual,
    kResidualMultiplier,
    kScale,
    kShift,
    kStep,
    kZeroPoint,
    kInputs = 16  // with four that are no tensors
};

variable_list list_of(const EpilogueTensors& t) {
    return {t.accumulator, t.multiplier,          t.bias,  t.slope, t.whole, t.part,
            t.residual,    t.residual_multiplier, t.scale, t.shift, t.step,  t.zero_point};
}

// libtorch 1.13 takes no undefined tensors as a function's inputs: empty ones stand for them.
at::Tensor or_empty(const at::Tensor& tensor) {
    return tensor.defined() ? tensor : at::empty({0}, at::kFloat);
}
at::Tensor or_undefined(const at::Tensor& tensor) {
    return tensor.defined() && tensor.numel() > 0 ? tensor : at::Tensor();
}

EpilogueTensors tensors_of(variable_list list) {
    for (at::Tensor& tensor : list) tensor = or_undefined(tensor);
    EpilogueTensors t;
    t.accumulator = list[kAccumulator];
    t.multiplier = list[kMultiplier];
    t.bias = list[kBias];
    t.slope = list[kSlope];
    t.whole = list[kWhole];
    t.part = list[kPart];
    t.residual = list[kResidual];
    t.residual_multiplier = list[kResidualMultiplier];
    t.scale = list[kScale];
    t.shift = list[kShift];
    t.step = list[kStep];
    t.zero_point = list[kZeroPoint];
    return t;
}

class FusedEpilogueFunction : public torch::autograd::Function<FusedEpilogueFunction> {
  public:
    // libtorch wants each tensor as an argument of its own.
    static at::Tensor forward(AutogradContext* context, const at::Tensor& accumulator,
                              const at::Tensor& multiplier, const at::Tensor& bias, const at::Tensor& slope,
                              const at::Tensor& whole, const at::Tensor& part, const at::Tensor& residual,
                              const at::Tensor& residual_multiplier, const at::Tensor& scale,
                              const at::Tensor& shift, const at::Tensor& step, const at::Tensor& zero_point,
                              double clip_low, double clip_high, bool after, int64_t bits) {
        EpilogueTensors tensors =
            tensors_of({channels_last(accumulator), multiplier, bias, slope, whole, part, residual,
                        residual_multiplier, scale, shift, step, zero_point});
        if (tensors.residual.defined()) tensors.residual = channels_last(tensors.residual);
        tensors.clip_low = clip_low;
        tensors.clip_high = clip_high;
        tensors.activation_after_residual = after;
        tensors.bits = static_cast<int>(bits);
        const PreparedEpilogue epilogue(tensors, static_cast<int>(accumulator.size(1)));
        at::Tensor level = at::empty_like(tensors.accumulator);
        with_number_type(level, [&](auto number) {
            run_forward<decltype(number)>(epilogue, tensors.accumulator, tensors.residual, level);
        });
        context->save_for_backward(list_of(tensors));
        context->saved_data["clip_low"] = clip_low;
        context->saved_data["clip_high"] = clip_high;
        context->saved_data["after"] = after;
        context->saved_data["bits"] = bits;
        return level;
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        EpilogueTensors tensors = tensors_of(context->get_saved_variables());
        tensors.clip_low = context->saved_data["clip_low"].toDouble();
        tensors.clip_high = context->saved_data["clip_high"].toDouble();
        tensors.activation_after_residual = context->saved_data["after"].toBool();
        tensors.bits = static_cast<int>(context->saved_data["bits"].toInt());
        const at::Tensor& accumulator = tensors.accumulator;
        const int channels = static_cast<int>(accumulator.size(1));
        const PreparedEpilogue epilogue(tensors, channels);
        const at::Tensor gradient = channels_last(gradients[0].to(accumulator.scalar_type()));

        std::vector<PartSums> parts;
        parts.reserve(kParts);  // each points into itself
        for (int64_t part = 0; part < kParts; ++part) parts.emplace_back(padded_channels(channels));
        const at::Tensor gradient_accumulator = at::empty_like(accumulator);
        const at::Tensor gradient_residual =
            tensors.residual.defined() ? at::empty_like(tensors.residual) : at::Tensor();
        with_number_type(accumulator, [&](auto number) {
            run_backward<decltype(number)>(epilogue, accumulator, tensors.residual, gradient,
                                           gradient_accumulator, gradient_residual, parts);
        });

        variable_list result(kInputs);
        result[kAccumulator] = gradient_accumulator;
        result[kResidual] = gradient_residual;
        const auto give = [&](Input input, const at::Tensor& of, std::vector<float> PartSums::*member) {
            if (of.defined()) result[input] = add_up(parts, member, channels).reshape(of.sizes());
        };
        give(kMultiplier, tensors.multiplier, &PartSums::multiplier);
        give(kBias, tensors.bias, &PartSums::bias);
        give(kSlope, tensors.slope, &PartSums::slope);
        give(kScale, tensors.scale, &PartSums::scale);
        give(kShift, tensors.shift, &PartSums::shift);
        if (tensors.residual.defined()) {
            result[kResidualMultiplier] = scalar_like(add_up(parts, &FusedEpilogueSums::residual_multiplier),
                                                      tensors.residual_multiplier);
        }
        const double real_over_step = add_up(parts, &FusedEpilogueSums::real_over_step);
        result[kStep] =
            scalar_like(-real_over_step * static_cast<double>(epilogue.form.inverse_step), tensors.step);
        const double clipped = epilogue.zero_point_moves ? add_up(parts, &FusedEpilogueSums::clipped) : 0.0;
        result[kZeroPoint] = scalar_like(-clipped, tensors.zero_point);
        return result;
    }
};

// Rounds forward, lets gradients pass unchanged.
at::Tensor round_straight_through(const at::Tensor& tensor) {
    return tensor + (tensor.round() - tensor).detach();
}

}  // namespace

at::Tensor fused_epilogue(const EpilogueTensors& t) {
    if (!t.accumulator.is_cpu()) return fused_epilogue_composed(t);
    return FusedEpilogueFunction::apply(
        t.accumulator, or_empty(t.multiplier), or_empty(t.bias), or_empty(t.slope), or_empty(t.whole),
        or_empty(t.part), or_empty(t.residual), or_empty(t.residual_multiplier), or_empty(t.scale),
        or_empty(t.shift), t.step, t.zero_point, t.clip_low, t.clip_high, t.activation_after_residual,
        int64_t{t.bits});
}

at::Tensor epilogue_numbers(const EpilogueTensors& t) {
    const auto activate = [&](const at::Tensor& r) {
        return at::clamp(t.slope.defined() ? leaky(r, t.slope) : r, t.clip_low, t.clip_high);
    };
    at::Tensor r = t.accumulator.to(at::kFloat);
    if (t.multiplier.defined()) r = r * by_channel(t.multiplier);
    if (t.bias.defined()) r = r + by_channel(t.bias);
    if (t.whole.defined()) {
        const at::Tensor added = (t.accumulator.detach().to(at::kFloat) + by_channel(t.whole)) *
                                     by_channel(t.multiplier.detach()) +
                                 by_channel(t.part);
        // Forward exactly `added`, whatever r is rounded to.
        r = added + (r - r.detach());
    }
    if (!t.activation_after_residual) r = activate(r);
    if (t.residual.defined()) r = r + t.residual.to(at::kFloat) * t.residual_multiplier;
    if (t.activation_after_residual) r = activate(r);
    if (t.scale.defined()) r = r * by_channel(t.scale) + by_channel(t.shift);
    return r;
}

at::Tensor fused_epilogue_composed(const EpilogueTensors& t) {
    const double largest = (1 << t.bits) - 1;
    const at::Tensor r = epilogue_numbers(t);
    const at::Tensor zero_point = round_straight_through(at::clamp(t.zero_point, 0, largest));
    const at::Tensor scaled = r / t.step;
    const at::Tensor low = -zero_point, high = largest - zero_point;
    // Half a level beyond the bounds still rounds to within them.
    const at::Tensor inside = (scaled >= low - 0.5).logical_and(scaled <= high + 0.5).detach();
    const at::Tensor rounded =
        scaled + (at::maximum(at::minimum(scaled, high), low).round() - scaled).detach();
    const at::Tensor clipped = at::where(scaled < low, low, high);
    return at::where(inside, rounded, clipped).to(t.accumulator.scalar_type());
}

}  // namespace quantface
