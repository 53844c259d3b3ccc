#include "train/conv_scale.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "quantize/integer_scale.h"
#include "train/tensor_conversion.h"

namespace quantface {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// By channel: whether all weights are zero, and what the subtracted means add up to.
struct WeightFacts {
    std::vector<bool> silent;
    std::vector<double> mean_sum, whole_mean_sum;
};

WeightFacts facts_of(const ConvScaleInputs& inputs) {
    const at::Tensor on_cpu = inputs.levels.cpu().contiguous();
    const float* levels = on_cpu.data_ptr<float>();
    const auto outputs = static_cast<size_t>(on_cpu.size(0));
    const size_t per_output = static_cast<size_t>(on_cpu.numel()) / outputs;
    const bool pixels = !inputs.input_step.defined();
    WeightFacts facts{std::vector<bool>(outputs), std::vector<double>(outputs), std::vector<double>(outputs)};
    std::vector<float> mean, whole_mean;
    if (pixels) mean = to_vector(inputs.mean), whole_mean = to_vector(inputs.whole_mean);
    const size_t taps = per_output / static_cast<size_t>(inputs.levels.size(1));
    for (size_t output = 0; output < outputs; ++output) {
        const float* row = levels + output * per_output;
        facts.silent[output] = std::all_of(row, row + per_output, [](float level) { return level == 0; });
        for (size_t index = 0; pixels && index < per_output; ++index) {
            const float level = row[index];
            facts.mean_sum[output] += static_cast<double>(level) * static_cast<double>(mean[index / taps]);
            facts.whole_mean_sum[output] +=
                static_cast<double>(level) * static_cast<double>(whole_mean[index / taps]);
        }
    }
    return facts;
}

struct LoweredScale {
    std::vector<float> multiplier, bias, whole, part;
};

// As integer_lowering.cpp has it, number for number.
LoweredScale lower(const ConvScaleInputs& inputs) {
    const std::vector<float> scale = to_vector(inputs.start_scale * at::exp(inputs.log_scale));
    const std::vector<float> bias = to_vector(inputs.start_bias + inputs.offset * inputs.bias_unit);
    const double input_step = inputs.input_step.defined() ? inputs.input_step.item<double>() : 1.0;
    const WeightFacts facts = facts_of(inputs);
    const size_t outputs = scale.size();
    std::vector<double> wanted(outputs), audible(outputs), bias_in_levels(outputs), bias_wanted(outputs);
    for (size_t i = 0; i < outputs; ++i) {
        wanted[i] = input_step * static_cast<double>(scale[i]) / inputs.unit;
        audible[i] = facts.silent[i] ? 0.0 : wanted[i];
        bias_in_levels[i] = static_cast<double>(bias[i]) / inputs.unit;
    }
    const StoredMultipliers stored = store_multipliers(audible, bias_in_levels);
    for (size_t i = 0; i < outputs; ++i) {
        const double unit = static_cast<double>(stored.multiplier[i]) * inputs.unit;
        bias_wanted[i] = static_cast<double>(bias[i]) / unit - facts.mean_sum[i];
    }
    const StoredBiases biases = store_biases(bias_wanted, stored);
    LoweredScale lowered;
    for (size_t i = 0; i < outputs; ++i) {
        lowered.bias.push_back(static_cast<float>(bias_in_levels[i]));
        if (stored.too_coarse(i, wanted[i])) {
            // Keeps its own multiplier; the engine has its weights on a coarser grid.
            lowered.multiplier.push_back(static_cast<float>(wanted[i]));
            lowered.whole.push_back(static_cast<float>(facts.whole_mean_sum[i] - facts.mean_sum[i]));
            lowered.part.push_back(lowered.bias.back());
            continue;
        }
        const double fixed = biases.bias[i], one = std::ldexp(1.0, biases.fraction_bits);
        const double whole = std::floor(fixed / one);
        lowered.multiplier.push_back(stored.multiplier[i]);
        lowered.whole.push_back(static_cast<float>(whole + facts.whole_mean_sum[i]));
        lowered.part.push_back(
            static_cast<float>(static_cast<double>(stored.multiplier[i]) * (fixed - whole * one) / one));
    }
    return lowered;
}

class ConvScaleFunction : public torch::autograd::Function<ConvScaleFunction> {
  public:
    static variable_list forward(AutogradContext* context, const at::Tensor& log_scale,
                                 const at::Tensor& offset, const at::Tensor& input_step,
                                 const ConvScaleInputs& given) {
        ConvScaleInputs inputs = given;
        inputs.log_scale = log_scale;
        inputs.offset = offset;
        inputs.input_step = input_step.numel() > 0 ? input_step : at::Tensor();
        const LoweredScale lowered = lower(inputs);
        const auto place = [&](const std::vector<float>& numbers) {
            return to_torch(numbers).to(log_scale.device());
        };
        const at::Tensor multiplier = place(lowered.multiplier), whole = place(lowered.whole),
                         part = place(lowered.part);
        context->save_for_backward({multiplier, given.bias_unit, input_step});
        context->saved_data["unit"] = given.unit;
        context->mark_non_differentiable({whole, part});
        return {multiplier, place(lowered.bias), whole, part};
    }

    static variable_list backward(AutogradContext* context, const variable_list& gradients) {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor to_scale = gradients[0] * saved[0];
        const at::Tensor to_offset = gradients[1] * saved[1] / context->saved_data["unit"].toDouble();
        const at::Tensor to_step = saved[2].numel() > 0 ? to_scale.sum() / saved[2] : at::Tensor();
        return {to_scale, to_offset, to_step, at::Tensor()};
    }
};

}  // namespace

ConvScale conv_scale(const ConvScaleInputs& inputs) {
    ConvScaleInputs constants = inputs;
    constants.levels = inputs.levels.detach();
    const at::Tensor step = inputs.input_step.defined() ? inputs.input_step : at::empty({0}, at::kFloat);
    const variable_list results = ConvScaleFunction::apply(inputs.log_scale, inputs.offset, step, constants);
    return {results[0], results[1], results[2], results[3]};
}

}  // namespace quantface
