#include "train/student_numbers.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace quantface {

namespace {

at::Tensor by_output(const at::Tensor& vector) {
    return vector.reshape({-1, 1, 1, 1});
}

// round(clamp(u * exp(-t), low, high)); the gradient passes where the level lies within its bounds (Esser et
// al., "Learned Step Size Quantization", ICLR 2020). low, high: one for each output channel.
class WeightLevels : public torch::autograd::Function<WeightLevels> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& weight,
                              const at::Tensor& log_scale, const at::Tensor& low, const at::Tensor& high) {
        const at::Tensor scaled = weight * by_output(at::exp(-log_scale));
        context->save_for_backward({scaled, log_scale, low, high});
        return at::min(at::max(scaled, by_output(low)), by_output(high)).round_();
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   const torch::autograd::variable_list& gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor kept = gradients[0] * ((saved[0] >= by_output(saved[2]) - 0.5) &
                                                (saved[0] <= by_output(saved[3]) + 0.5));
        const at::Tensor scale = -(kept * saved[0]).sum({1, 2, 3});
        return {kept * by_output(at::exp(-saved[1])), scale, at::Tensor(), at::Tensor()};
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
