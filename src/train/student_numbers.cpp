#include "train/student_numbers.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/kernels/training_kernels.h"
#include "train/parallel_parts.h"
#include "train/tensor_operations.h"

namespace quantface {

namespace {

WeightRows rows_of(const at::Tensor& weight, const at::Tensor& factor, const at::Tensor& low,
                   const at::Tensor& high) {
    return {weight.numel() / weight.size(0), raw<float>(factor), raw<float>(low), raw<float>(high)};
}

// round(clamp(u * exp(-t), low, high)); the gradient passes where the level lies within its bounds (Esser et
// al., "Learned Step Size Quantization", ICLR 2020). low, high: one for each output channel.
class WeightLevels : public torch::autograd::Function<WeightLevels> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& weight,
                              const at::Tensor& log_scale, const at::Tensor& low, const at::Tensor& high) {
        const at::Tensor factor = at::exp(-log_scale);
        context->save_for_backward({weight, factor, low, high});
        if (!weight.is_cpu()) {
            const at::Tensor scaled = weight * by_output(factor);
            return at::min(at::max(scaled, by_output(low)), by_output(high)).round_();
        }
        at::Tensor level = at::empty_like(weight);
        const WeightRows rows = rows_of(weight, factor, low, high);
        for_each_part(weight.size(0), [&](int64_t first, int64_t count, int64_t) {
            training_kernels().weight_levels(rows, raw<float>(weight), raw<float>(level), first,
                                             first + count);
        });
        return level;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   const torch::autograd::variable_list& gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &weight = saved[0], &factor = saved[1], &low = saved[2], &high = saved[3];
        if (!weight.is_cpu()) {
            const at::Tensor scaled = weight * by_output(factor);
            const at::Tensor kept =
                gradients[0] * ((scaled >= by_output(low) - 0.5) & (scaled <= by_output(high) + 0.5));
            return {kept * by_output(factor), -(kept * scaled).sum({1, 2, 3}), at::Tensor(), at::Tensor()};
        }
        const at::Tensor gradient = gradients[0].contiguous();
        at::Tensor to_weight = at::empty_like(weight), to_log_factor = at::empty_like(factor);
        const WeightRows rows = rows_of(weight, factor, low, high);
        for_each_part(weight.size(0), [&](int64_t first, int64_t count, int64_t) {
            training_kernels().weight_levels_backward(rows, raw<float>(weight), raw<float>(gradient),
                                                      raw<float>(to_weight), raw<float>(to_log_factor), first,
                                                      first + count);
        });
        return {to_weight, -to_log_factor, at::Tensor(), at::Tensor()};
    }
};

}  // namespace

WeightLevelGrid LearnedConv::grid() const {
    if (!observed) return {log_scale, lowest, highest};
    const at::NoGradGuard no_gradients;
    constexpr double kSmallestScale = 1e-12;
    const double largest = (1 << bits) - 1;
    const at::Tensor rows = weight.flatten(1);
    const at::Tensor low = at::clamp_max(rows.amin(1), 0), high = at::clamp_min(rows.amax(1), 0);
    const at::Tensor scale = at::clamp_min((high - low) / largest, kSmallestScale);
    const at::Tensor zero_point = at::clamp((-low / scale).round(), 0, largest);
    return {at::log(scale), -zero_point, largest - zero_point};
}

at::Tensor LearnedConv::bias() const {
    return start_bias + offset * bias_unit;
}

at::Tensor LearnedConv::levels(const WeightLevelGrid& grid) const {
    return WeightLevels::apply(weight, grid.log_scale, grid.lowest, grid.highest);
}

at::Tensor LearnedAffine::scale() const {
    return start_scale * gain;
}

at::Tensor LearnedAffine::shift() const {
    return start_shift + offset * shift_unit;
}

at::Tensor LearnedRange::step() const {
    constexpr double kSmallestStep = 1e-12;
    if (observed) return at::clamp_min((high - low) / largest(), kSmallestStep);
    return start_step * at::exp(log_step);
}

at::Tensor LearnedRange::zero_point() const {
    if (observed) return at::clamp((-low / step()).round(), 0, largest());
    return learned_zero_point;
}

void LearnedRange::widen(const at::Tensor& numbers) const {
    at::Tensor least = low, greatest = high;
    least.copy_(at::minimum(least, numbers.min()));
    greatest.copy_(at::maximum(greatest, numbers.max()));
}

}  // namespace quantface
