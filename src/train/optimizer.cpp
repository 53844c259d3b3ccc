#include "train/optimizer.h"

#include <ATen/ATen.h>

#include <cmath>

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

double Optimizer::step(int64_t index) {
    const at::NoGradGuard no_gradients;
    at::Tensor squares;  // on the parameters' device: one wait for it, not one for each parameter
    for (const StudentParameter& parameter : parameters_) {
        const at::Tensor& gradient = parameter.tensor.grad();
        if (!gradient.defined()) continue;
        const at::Tensor sum = gradient.to(at::kDouble).square().sum();
        squares = squares.defined() ? squares + sum : sum;
    }
    const double norm = squares.defined() ? std::sqrt(squares.item<double>()) : 0.0;
    if (!std::isfinite(norm)) return norm;
    const double clip = recipe_.clip_norm > 0 && norm > recipe_.clip_norm ? recipe_.clip_norm / norm : 1.0;
    const double factor = schedule_factor(recipe_, index, steps_);
    const auto taken = static_cast<double>(index + 1);
    for (size_t i = 0; i < parameters_.size(); ++i) {
        at::Tensor parameter = parameters_[i].tensor;
        const double rate = factor * parameters_[i].rate_factor * rate_of(recipe_, parameters_[i].kind);
        if (!parameter.grad().defined() || rate == 0) continue;
        at::Tensor gradient = parameter.grad() * clip;
        if (recipe_.weight_decay > 0 &&
            (recipe_.decay_all || parameters_[i].kind == ParameterKind::kWeight)) {
            gradient.add_(parameter, recipe_.weight_decay);
        }
        if (recipe_.optimizer == OptimizerKind::kAdam) {
            first_[i].mul_(recipe_.beta1).add_(gradient, 1 - recipe_.beta1);
            second_[i].mul_(recipe_.beta2).addcmul_(gradient, gradient, 1 - recipe_.beta2);
            const double first_part = 1 - std::pow(recipe_.beta1, taken);
            const double second_part = 1 - std::pow(recipe_.beta2, taken);
            const at::Tensor spread = (second_[i] / second_part).sqrt_().add_(kAdamEpsilon);
            parameter.addcdiv_(first_[i], spread, -rate / first_part);
        } else {
            first_[i].mul_(recipe_.momentum).add_(gradient);
            parameter.add_(recipe_.nesterov ? gradient + first_[i] * recipe_.momentum : first_[i], -rate);
        }
        if (!average_.empty()) average_[i].mul_(recipe_.average).add_(parameter, 1 - recipe_.average);
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
