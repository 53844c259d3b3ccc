#include "train/optimizer.h"

#include <ATen/ATen.h>

#include <array>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "train/kernels/training_kernels.h"
#include "train/parallel_parts.h"

namespace quantface {

namespace {
constexpr double kAdamEpsilon = 1e-10;  // gradients of single weights are small
}

Optimizer::Optimizer(std::vector<StudentParameter> parameters, const Recipe& recipe, int64_t steps)
    : parameters_(std::move(parameters)), recipe_(recipe), steps_(steps) {
    for (const StudentParameter& parameter : parameters_) {
        first_.push_back(at::zeros_like(parameter.tensor).detach());
        if (recipe.optimizer == OptimizerKind::kAdam)
            second_.push_back(at::zeros_like(parameter.tensor).detach());
        if (recipe.average > 0) average_.push_back(parameter.tensor.detach().clone());
    }
}

void Optimizer::clear_gradients() {
    for (StudentParameter& parameter : parameters_) parameter.tensor.mutable_grad().reset();
}

double Optimizer::gradient_norm() const {
    const TrainingKernels& kernels = training_kernels();
    double squares = 0;
    at::Tensor on_device;  // elsewhere than on the CPU: one wait for the sum, not one for each parameter
    for (const StudentParameter& parameter : parameters_) {
        const at::Tensor& gradient = parameter.tensor.grad();
        if (!gradient.defined()) continue;
        if (!gradient.is_cpu()) {
            const at::Tensor sum = gradient.to(at::kDouble).square().sum();
            on_device = on_device.defined() ? on_device + sum : sum;
            continue;
        }
        const at::Tensor plain = gradient.contiguous();
        std::array<double, kParts> parts{};
        for_each_part(plain.numel(), [&](int64_t first, int64_t count, int64_t part) {
            parts[static_cast<size_t>(part)] = kernels.sum_of_squares(count, raw<float>(plain) + first);
        });
        squares += std::accumulate(parts.begin(), parts.end(), 0.0);
    }
    if (on_device.defined()) squares += on_device.item<double>();
    return std::sqrt(squares);
}

void Optimizer::adam_step(size_t i, double rate, double clip, double decay, int64_t index) {
    const auto taken = static_cast<double>(index + 1);
    const double first_part = 1 - std::pow(recipe_.beta1, taken);
    const double second_part = 1 - std::pow(recipe_.beta2, taken);
    at::Tensor parameter = parameters_[i].tensor;
    if (parameter.is_cpu()) {
        AdamStep step;
        step.gradient_factor = static_cast<float>(clip);
        step.weight_decay = static_cast<float>(decay);
        step.beta1 = static_cast<float>(recipe_.beta1);
        step.beta2 = static_cast<float>(recipe_.beta2);
        step.rate = static_cast<float>(rate / first_part);
        step.second_factor = static_cast<float>(1 / second_part);
        step.epsilon = static_cast<float>(kAdamEpsilon);
        step.average_decay = static_cast<float>(recipe_.average);
        const at::Tensor gradient = parameter.grad().contiguous();
        QF_CHECK(parameter.is_contiguous());
        float* average = average_.empty() ? nullptr : raw<float>(average_[i]);
        for_each_part(parameter.numel(), [&](int64_t first, int64_t count, int64_t) {
            training_kernels().adam(step, count, raw<float>(gradient) + first, raw<float>(parameter) + first,
                                    raw<float>(first_[i]) + first, raw<float>(second_[i]) + first,
                                    average == nullptr ? nullptr : average + first);
        });
        return;
    }
    const at::Tensor gradient = parameter.grad() * clip + parameter * decay;
    first_[i].mul_(recipe_.beta1).add_(gradient, 1 - recipe_.beta1);
    second_[i].mul_(recipe_.beta2).addcmul_(gradient, gradient, 1 - recipe_.beta2);
    const at::Tensor spread = (second_[i] / second_part).sqrt_().add_(kAdamEpsilon);
    parameter.addcdiv_(first_[i], spread, -rate / first_part);
    add_to_average(i);
}

void Optimizer::sgd_step(size_t i, double rate, double clip, double decay) {
    at::Tensor parameter = parameters_[i].tensor;
    at::Tensor gradient = parameter.grad() * clip;
    if (decay > 0) gradient.add_(parameter, decay);
    first_[i].mul_(recipe_.momentum).add_(gradient);
    parameter.add_(recipe_.nesterov ? gradient + first_[i] * recipe_.momentum : first_[i], -rate);
    add_to_average(i);
}

void Optimizer::add_to_average(size_t i) {
    if (!average_.empty()) average_[i].mul_(recipe_.average).add_(parameters_[i].tensor, 1 - recipe_.average);
}

double Optimizer::step(int64_t index) {
    const at::NoGradGuard no_gradients;
    const double norm = gradient_norm();
    if (!std::isfinite(norm)) return norm;
    const double clip = recipe_.clip_norm > 0 && norm > recipe_.clip_norm ? recipe_.clip_norm / norm : 1.0;
    const double factor = schedule_factor(recipe_, index, steps_);
    for (size_t i = 0; i < parameters_.size(); ++i) {
        const StudentParameter& parameter = parameters_[i];
        const double rate = factor * parameter.rate_factor * rate_of(recipe_, parameter.kind);
        if (!parameter.tensor.grad().defined() || rate == 0) continue;
        const bool decays = recipe_.decay_all || parameter.kind == ParameterKind::kWeight;
        const double decay = decays ? recipe_.weight_decay : 0.0;
        if (recipe_.optimizer == OptimizerKind::kAdam) {
            adam_step(i, rate, clip, decay, index);
        } else {
            sgd_step(i, rate, clip, decay);
        }
    }
    return norm;
}

void Optimizer::swap_average() {
    const at::NoGradGuard no_gradients;
    for (size_t i = 0; i < average_.size(); ++i) {
        const at::Tensor present = parameters_[i].tensor.detach().clone();
        parameters_[i].tensor.copy_(average_[i]);
        average_[i].copy_(present);
    }
}

std::vector<std::pair<std::string, at::Tensor>> Optimizer::state() {
    std::vector<std::pair<std::string, at::Tensor>> state;
    const auto add = [&](const char* what, const std::vector<at::Tensor>& tensors) {
        for (size_t i = 0; i < tensors.size(); ++i)
            state.emplace_back(parameters_[i].name + what, tensors[i]);
    };
    add("#first", first_);
    add("#second", second_);
    add("#average", average_);
    return state;
}

}  // namespace quantface
