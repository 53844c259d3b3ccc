#include "quantize/integer_lowering.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "graph/op_visitor.h"
#include "numerics/half.h"
#include "quantize/integer_scale.h"

namespace quantface {

namespace {

// The nonlinear functions that run as tables.
float table_function(const Op& op, float x) {
    if (std::holds_alternative<SigmoidOp>(op)) return 1.0f / (1.0f + std::exp(-x));
    if (const auto* hard = std::get_if<HardSigmoidOp>(&op)) {
        return std::max(0.0f, std::min(1.0f, hard->alpha * x + hard->beta));
    }
    QF_CHECK(std::holds_alternative<HardSwishOp>(op));
    return x * std::max(0.0f, std::min(1.0f, x / 6.0f + 0.5f));
}

class Lowering {
  public:
    Lowering(const Graph& graph, const std::vector<FusedNode>& plan, const QuantizedGraph& quantized)
        : graph_(graph), plan_(plan), quantized_(quantized), renamed_(graph.values.size(), kNoValue) {}

    IntegerModel run() {
        model_.name = graph_.name;
        model_.input_spec = graph_.input_spec;
        model_.input = add_value(graph_.input);
        model_.values[model_.input].quant = QuantParams{};
        for (const FusedNode& fused : plan_) lower(fused);
        model_.output = renamed_[graph_.output];
        validate(model_);
        return std::move(model_);
    }

  private:
    ValueId add_value(ValueId value) {
        IntegerValue added;
        added.name = graph_.values[value].name;
        added.shape = graph_.values[value].shape;
        added.is_float = value == graph_.output;
        if (!added.is_float) added.quant = quantized_.values[value];
        model_.values.push_back(std::move(added));
        return renamed_[value] = static_cast<ValueId>(model_.values.size() - 1);
    }

    // Real units of one step of a value.
    double step(ValueId value) const { return value == graph_.output ? 1.0 : quantized_.values[value].scale; }

    void lower(const FusedNode& fused) {
        const Node& source = graph_.nodes[fused.node];
        IntegerNode node;
        node.name = source.name;
        for (const ValueId input : source.inputs) node.inputs.push_back(renamed_[input]);
        for (const FusedOutput& output : fused.outputs) add_value(output.value);
        unit_ = step(fused.outputs[0].value);
        node.op = std::visit([&](const auto& op) { return convert(fused, source, op, node); }, source.op);
        model_.nodes.push_back(std::move(node));
    }

    Epilogue epilogue(const FusedNode& fused) const {
        Epilogue epilogue;
        epilogue.activation_after_residual = fused.activation_after_residual;
        if (fused.activation_node >= 0) set_activation(fused, epilogue);
        if (fused.residual != kNoValue) {
            epilogue.residual = renamed_[fused.residual];
            epilogue.residual_multiplier =
                static_cast<float>(fused.residual_sign * step(fused.residual) / unit_);
        }
        for (const FusedOutput& output : fused.outputs) {
            IntegerOutput lowered;
            lowered.value = renamed_[output.value];
            if (output.affine_node >= 0) {
                const auto& affine = std::get<AffineOp>(graph_.nodes[output.affine_node].op);
                const double out_step = step(output.value);
                for (size_t channel = 0; channel < affine.scale.size(); ++channel) {
                    lowered.scale.push_back(static_cast<float>(affine.scale[channel] * unit_ / out_step));
                    lowered.shift.push_back(static_cast<float>(affine.shift[channel] / out_step));
                }
            }
            epilogue.outputs.push_back(std::move(lowered));
        }
        return epilogue;
    }

    void set_activation(const FusedNode& fused, Epilogue& epilogue) const {
        const int channels = graph_.values[graph_.nodes[fused.node].output].shape.channels;
        const auto leak = [&](std::vector<float> slope) {
            epilogue.activation = Activation::kPRelu;
            for (float& number : slope) number = round_to_half(number);
            epilogue.slope = std::move(slope);
        };
        const auto clip = [&](double low, double high) {
            constexpr double kFar = 1e30;  // the same as no bound, but finite
            epilogue.activation = Activation::kClip;
            epilogue.clip_low = static_cast<float>(std::clamp(low / unit_, -kFar, kFar));
            epilogue.clip_high = static_cast<float>(std::clamp(high / unit_, -kFar, kFar));
        };
        std::visit(Overloaded{
                       [&](const PReluOp& op) { leak(op.slope); },
                       [&](const LeakyReluOp& op) { leak(std::vector<float>(channels, op.slope)); },
                       [&](const ReluOp&) { clip(0, HUGE_VAL); },
                       [&](const ClipOp& op) { clip(op.low, op.high); },
                       [](const auto&) { QF_CHECK(false); },
                   },
                   graph_.nodes[fused.activation_node].op);
    }

    IntegerOp convert(const FusedNode& fused, const Node& source, const ConvOp& op, IntegerNode&) const {
        const QuantizedConv& conv = quantized_.convs.at(fused.node);
        const bool reads_pixels = source.inputs[0] == graph_.input;
        const int outputs = static_cast<int>(op.weight.dims[0]), inputs = static_cast<int>(op.weight.dims[1]);
        const int taps = static_cast<int>(op.weight.dims[2] * op.weight.dims[3]);
        IntegerConv lowered;
        lowered.window = op.window;
        lowered.groups = op.groups;
        lowered.weight_bits = conv.bits;
        lowered.weight_zero_point.assign(conv.zero_point.begin(), conv.zero_point.end());
        lowered.weight.resize(conv.level.size());
        std::vector<int32_t> level = centred_levels(conv);
        const int outputs_per_group = outputs / op.groups;
        const int per_output = inputs * taps;
        const double input_step = reads_pixels ? 1.0 : step(source.inputs[0]);
        std::vector<double> multiplier(outputs), bias(outputs);
        for (int output = 0; output < outputs; ++output) {
            const auto first = level.begin() + static_cast<int64_t>(output) * per_output;
            const bool silent =
                std::all_of(first, first + per_output, [](int32_t number) { return number == 0; });
            multiplier[output] = silent ? 0.0 : input_step * conv.scale[output] / unit_;
            bias[output] = conv.bias[output] / unit_;
        }
        const StoredMultipliers stored = store_multipliers(multiplier, bias);
        lowered.multiplier_exponent = stored.exponent;
        lowered.multiplier = stored.multiplier;
        for (int output = 0; output < outputs; ++output) {
            if (stored.too_coarse(output, multiplier[output])) {
                const double kept = multiplier[output] / lowered.multiplier[output];
                for (int index = output * per_output; index < (output + 1) * per_output; ++index) {
                    level[index] = static_cast<int32_t>(std::nearbyint(level[index] * kept));
                }
            }
            const int32_t offset = lowered.weight_offset(output);
            for (int input = 0; input < inputs; ++input) {
                for (int tap = 0; tap < taps; ++tap) {
                    lowered.weight[(output * taps + tap) * inputs + input] =
                        static_cast<int8_t>(level[output * per_output + input * taps + tap] - offset);
                }
            }
        }
        for (int output = 0; output < outputs; ++output) {
            // What a level of zero point contributes, and with it the whole input offset, moves into the
            // bias.
            double offset = 0;
            for (int input = 0; input < inputs; ++input) {
                int64_t sum = 0;
                for (int tap = 0; tap < taps; ++tap) sum += level[(output * inputs + input) * taps + tap];
                const int channel = output / outputs_per_group * inputs + input;
                offset += static_cast<double>(sum) * zero_level(source.inputs[0], channel);
            }
            bias[output] = conv.bias[output] / (lowered.multiplier[output] * unit_) - offset;
        }
        StoredBiases biases = store_biases(bias, stored);
        lowered.bias_fraction_bits = biases.fraction_bits;
        lowered.bias = std::move(biases.bias);
        for (int channel = 0; channel < inputs * op.groups; ++channel) {
            const double padding = std::nearbyint(zero_level(source.inputs[0], channel));
            lowered.padding_level.push_back(static_cast<uint8_t>(std::clamp(padding, 0.0, 255.0)));
        }
        lowered.epilogue = epilogue(fused);
        return lowered;
    }

    // The level at which the value's channel is zero; for the image the mean that its network subtracts, a
    // whole number or not.
    double zero_level(ValueId value, int channel) const {
        if (value == graph_.input) return graph_.input_spec.mean[channel];
        return quantized_.values[value].zero_point;
    }

    IntegerOp convert(const FusedNode& fused, const Node& source, const AffineOp& op, IntegerNode&) const {
        IntegerAffine lowered;
        const InputSpec& spec = graph_.input_spec;
        for (size_t channel = 0; channel < op.scale.size(); ++channel) {
            double scale = op.scale[channel], shift = op.shift[channel];
            if (source.inputs[0] == graph_.input) {
                scale /= spec.std[channel];
                shift -= scale * spec.mean[channel];
            } else {
                scale *= step(source.inputs[0]);
            }
            lowered.multiplier.push_back(static_cast<float>(scale / unit_));
            lowered.shift.push_back(static_cast<float>(shift / unit_));
        }
        lowered.epilogue = epilogue(fused);
        return lowered;
    }

    // A lone activation.
    IntegerOp requantization(const FusedNode& fused, const Node& source) const {
        IntegerAffine lowered;
        const size_t channels = static_cast<size_t>(graph_.values[source.output].shape.channels);
        lowered.multiplier.assign(channels, static_cast<float>(step(source.inputs[0]) / unit_));
        lowered.shift.assign(channels, 0.0f);
        lowered.epilogue = epilogue(fused);
        return lowered;
    }
    IntegerOp convert(const FusedNode& f, const Node& s, const PReluOp&, IntegerNode&) const {
        return requantization(f, s);
    }
    IntegerOp convert(const FusedNode& f, const Node& s, const ReluOp&, IntegerNode&) const {
        return requantization(f, s);
    }
    IntegerOp convert(const FusedNode& f, const Node& s, const LeakyReluOp&, IntegerNode&) const {
        return requantization(f, s);
    }
    IntegerOp convert(const FusedNode& f, const Node& s, const ClipOp&, IntegerNode&) const {
        return requantization(f, s);
    }

    // The operand that is broadcast comes second.
    bool must_swap(const Node& source) const {
        return graph_.values[source.inputs[0]].shape != graph_.values[source.output].shape;
    }
    IntegerOp sum(const FusedNode& fused, const Node& source, double sign, IntegerNode& node) const {
        IntegerAdd lowered;
        lowered.multiplier_a = static_cast<float>(step(source.inputs[0]) / unit_);
        lowered.multiplier_b = static_cast<float>(sign * step(source.inputs[1]) / unit_);
        if (must_swap(source)) {
            std::swap(lowered.multiplier_a, lowered.multiplier_b);
            std::swap(node.inputs[0], node.inputs[1]);
        }
        lowered.epilogue = epilogue(fused);
        return lowered;
    }
    IntegerOp convert(const FusedNode& fused, const Node& source, const AddOp&, IntegerNode& node) const {
        return sum(fused, source, 1, node);
    }
    IntegerOp convert(const FusedNode& fused, const Node& source, const SubOp&, IntegerNode& node) const {
        return sum(fused, source, -1, node);
    }
    IntegerOp convert(const FusedNode& fused, const Node& source, const MulOp&, IntegerNode& node) const {
        IntegerMul lowered;
        lowered.multiplier = static_cast<float>(step(source.inputs[0]) * step(source.inputs[1]) / unit_);
        if (must_swap(source)) std::swap(node.inputs[0], node.inputs[1]);
        lowered.epilogue = epilogue(fused);
        return lowered;
    }

    IntegerOp average(const FusedNode& fused, const Node& source, const Window& window, bool padding) const {
        IntegerAveragePool lowered;
        lowered.window = window;
        lowered.count_include_padding = padding;
        lowered.multiplier = static_cast<float>(step(source.inputs[0]) / unit_);
        lowered.epilogue = epilogue(fused);
        return lowered;
    }
    IntegerOp convert(const FusedNode& fused, const Node& source, const AveragePoolOp& op,
                      IntegerNode&) const {
        return average(fused, source, op.window, op.count_include_padding);
    }
    IntegerOp convert(const FusedNode& fused, const Node& source, const GlobalAveragePoolOp&,
                      IntegerNode&) const {
        const Shape& image = graph_.values[source.inputs[0]].shape;
        Window window;
        window.kernel_height = image.height;
        window.kernel_width = image.width;
        return average(fused, source, window, false);
    }

    ValueId plain_output(const FusedNode& fused) const {
        const ValueId value = fused.outputs[0].value;
        if (value == graph_.output) {
            const Node& node = graph_.nodes[fused.node];
            fail_bad_input("node '" + node.name + "' (" + op_name(node.op) +
                           ") cannot be the last one of an integer network");
        }
        return renamed_[value];
    }
    IntegerOp convert(const FusedNode& fused, const Node&, const MaxPoolOp& op, IntegerNode&) const {
        return IntegerMaxPool{op.window, plain_output(fused)};
    }
    IntegerOp convert(const FusedNode& fused, const Node& source, const ConcatOp&, IntegerNode&) const {
        IntegerConcat lowered;
        for (const ValueId input : source.inputs) {
            lowered.multiplier.push_back(static_cast<float>(step(input) / unit_));
        }
        lowered.output = plain_output(fused);
        return lowered;
    }
    IntegerOp table(const FusedNode& fused, const Node& source) const {
        IntegerLut lowered;
        lowered.output = plain_output(fused);
        const QuantParams& in = quantized_.values[source.inputs[0]];
        const QuantParams& out = quantized_.values[fused.outputs[0].value];
        for (int32_t level = 0; level <= in.max_level(); ++level) {
            lowered.table.push_back(quantize(table_function(source.op, dequantize(level, in)), out));
        }
        return lowered;
    }
    IntegerOp convert(const FusedNode& fused, const Node& source, const SigmoidOp&, IntegerNode&) const {
        return table(fused, source);
    }
    IntegerOp convert(const FusedNode& fused, const Node& source, const HardSigmoidOp&, IntegerNode&) const {
        return table(fused, source);
    }
    IntegerOp convert(const FusedNode& fused, const Node& source, const HardSwishOp&, IntegerNode&) const {
        return table(fused, source);
    }

    // The planner refuses these before.
    template <typename OtherOp>
    IntegerOp convert(const FusedNode&, const Node&, const OtherOp&, IntegerNode&) const {
        QF_CHECK(false);
        return IntegerLut{};
    }

    const Graph& graph_;
    const std::vector<FusedNode>& plan_;
    const QuantizedGraph& quantized_;
    std::vector<ValueId> renamed_;  // graph's value -> model's
    double unit_ = 1;               // real units of r in the operation being lowered
    IntegerModel model_;
};

}  // namespace

std::vector<int32_t> centred_levels(const QuantizedConv& conv) {
    std::vector<int32_t> levels = conv.level;
    if (conv.zero_point.empty()) return levels;
    const size_t per_output = levels.size() / conv.zero_point.size();
    for (size_t index = 0; index < levels.size(); ++index)
        levels[index] -= conv.zero_point[index / per_output];
    return levels;
}

std::vector<float> dequantized_weights(const QuantizedConv& conv) {
    const std::vector<int32_t> levels = centred_levels(conv);
    std::vector<float> weights(levels.size());
    const size_t per_output = levels.size() / conv.scale.size();
    for (size_t index = 0; index < weights.size(); ++index) {
        weights[index] = static_cast<float>(levels[index]) * conv.scale[index / per_output];
    }
    return weights;
}

IntegerModel lower_to_integer(const Graph& graph, const std::vector<FusedNode>& plan,
                              const QuantizedGraph& quantized) {
    return Lowering(graph, plan, quantized).run();
}

}  // namespace quantface
