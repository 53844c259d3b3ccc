#include "train/student.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "numerics/quantization.h"
#include "train/conv_scale.h"
#include "train/depthwise.h"
#include "train/fused_epilogue.h"
#include "train/tensor_conversion.h"
#include "train/tensor_operations.h"

namespace quantface {

namespace {

// What was rounded elsewhere than to the nearest starts this near to the border of its level.
constexpr float kFarthestFromLevel = 0.45f;

// The recipe's learning rate of weights is that of layers with so many bits; it halves with each bit more.
constexpr int kBitsOfRates = 4;

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

// A convolution's weights, for pixels as they come.
at::Tensor weights_less_std(const Graph& graph, const Node& node) {
    const auto& conv = std::get<ConvOp>(node.op);
    at::Tensor weight = to_torch(conv.weight);
    if (node.inputs[0] == graph.input) {
        const std::vector<float> std(graph.input_spec.std.begin(), graph.input_spec.std.end());
        QF_CHECK(conv.groups == 1);
        weight = weight / to_torch(std).reshape({1, 3, 1, 1});
    }
    return weight;
}

// The weights in units of their starting scale, near what they round to.
at::Tensor starting_weights(const Graph& graph, const Node& node, const QuantizedConv& start) {
    const at::Tensor weight = weights_less_std(graph, node);
    const std::vector<int32_t> centred = centred_levels(start);
    const std::vector<float> numbers(centred.begin(), centred.end());
    const at::Tensor level = to_torch(numbers).reshape(weight.sizes());
    const at::Tensor wanted = weight / by_output(to_torch(start.scale));
    return level + at::clamp(wanted - level, -kFarthestFromLevel, kFarthestFromLevel);
}

// A slope as the engine keeps it, in binary16; the gradient passes unchanged.
at::Tensor as_half(const at::Tensor& slope) {
    return slope + (slope.detach().to(at::kHalf).to(at::kFloat) - slope.detach());
}

}  // namespace

Student::WeightLevelGrid Student::Conv::grid() const {
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
at::Tensor Student::Conv::bias() const {
    return start_bias + offset * bias_unit;
}
at::Tensor Student::Conv::levels(const WeightLevelGrid& grid) const {
    return WeightLevels::apply(weight, grid.log_scale, grid.lowest, grid.highest);
}
at::Tensor Student::Affine::scale() const {
    return start_scale * gain;
}
at::Tensor Student::Affine::shift() const {
    return start_shift + offset * shift_unit;
}
at::Tensor Student::Range::step() const {
    constexpr double kSmallestStep = 1e-12;
    if (observed) return at::clamp_min((high - low) / largest(), kSmallestStep);
    return start_step * at::exp(log_step);
}
at::Tensor Student::Range::zero_point() const {
    if (observed) return at::clamp((-low / step()).round(), 0, largest());
    return learned_zero_point;
}
void Student::Range::widen(const at::Tensor& numbers) const {
    at::Tensor least = low, greatest = high;
    least.copy_(at::minimum(least, numbers.min()));
    greatest.copy_(at::maximum(greatest, numbers.max()));
}

Student::Student(const Graph& graph, const std::vector<FusedNode>& plan, const QuantizedGraph& start,
                 const StudentOptions& options)
    : graph_(graph), plan_(plan), start_(start), options_(options) {
    const InputSpec& spec = graph.input_spec;
    mean_ = place(to_torch(std::vector<float>(spec.mean.begin(), spec.mean.end()))).reshape({1, 3, 1, 1});
    whole_mean_ = at::clamp(mean_.round(), 0, 255);
    inverse_std_ = 1 / place(to_torch(std::vector<float>(spec.std.begin(), spec.std.end())));
    for (const FusedNode& fused : plan) {
        const Node& node = graph.nodes[fused.node];
        const ValueId first = fused.outputs[0].value;
        const auto output_step = [&](ValueId value) {
            return value == graph.output ? 0.0 : static_cast<double>(start.values[value].scale);
        };
        if (const auto found = start.convs.find(fused.node); found != start.convs.end()) {
            add_conv(fused, found->second, output_step(first));
        }
        if (std::holds_alternative<AffineOp>(node.op)) add_affine(fused.node, output_step(first));
        if (fused.activation_node >= 0) {
            if (const auto* prelu = std::get_if<PReluOp>(&graph.nodes[fused.activation_node].op)) {
                add_parameter(graph.nodes[fused.activation_node].name + ".slope", ParameterKind::kSlope,
                              slopes_[fused.activation_node], to_torch(prelu->slope));
            }
        }
        for (const FusedOutput& output : fused.outputs) {
            if (output.value == graph.output) continue;
            if (std::holds_alternative<MaxPoolOp>(node.op)) {
                shares_range_[output.value] = shares_range_.at(node.inputs[0]);
                continue;
            }
            add_range(fused, output.value, start.values[output.value]);
            if (output.affine_node >= 0) add_affine(output.affine_node, output_step(output.value));
        }
    }
}

at::Tensor Student::constant(int64_t count, double number) const {
    return at::full({count}, number, at::TensorOptions(at::kFloat).device(options_.device));
}

void Student::add_parameter(const std::string& name, ParameterKind kind, at::Tensor& member,
                            const at::Tensor& start, double rate_factor) {
    member = place(start).detach().clone().set_requires_grad(true);
    parameters_.push_back({name, kind, member, rate_factor});
}

void Student::add_conv(const FusedNode& fused, const QuantizedConv& start, double output_step) {
    const Node& node = graph_.nodes[fused.node];
    Conv& conv = convs_[fused.node];
    std::vector<float> lowest(start.scale.size(), static_cast<float>(-weight_limit(start.bits)));
    std::vector<float> highest(start.scale.size(), static_cast<float>(weight_limit(start.bits)));
    for (size_t channel = 0; channel < start.zero_point.size(); ++channel) {
        lowest[channel] = static_cast<float>(-start.zero_point[channel]);
        highest[channel] = static_cast<float>((1 << start.bits) - 1 - start.zero_point[channel]);
    }
    conv.lowest = place(to_torch(lowest));
    conv.highest = place(to_torch(highest));
    conv.start_scale = place(to_torch(start.scale));
    conv.start_bias = place(to_torch(start.bias));
    const auto channels = static_cast<int64_t>(start.scale.size());
    conv.bits = start.bits;
    conv.observed = observes();
    if (observes()) {
        if (start.zero_point.empty()) fail_usage("observed quantizers need asymmetric weights");
        conv.start_scale = constant(channels, 1);
        conv.log_scale = constant(channels, 0);
        conv.bias_unit = constant(channels, 1);
        add_parameter(node.name + ".weight", ParameterKind::kWeight, conv.weight,
                      weights_less_std(graph_, node));
        add_parameter(node.name + ".bias", ParameterKind::kBias, conv.offset, constant(channels, 0));
        return;
    }
    if (output_step > 0) {
        conv.bias_unit = constant(channels, output_step);
    } else {
        // The embedding: a hundredth of what its weights reach on average.
        const at::Tensor reach = conv.start_scale.mean() * static_cast<double>(weight_limit(start.bits));
        conv.bias_unit = constant(channels, 0.01 * reach.item<double>());
    }
    // The more bits, the nearer to the best levels the start is.
    const double rate_factor = std::ldexp(1.0, kBitsOfRates - start.bits);
    add_parameter(node.name + ".weight", ParameterKind::kWeight, conv.weight,
                  starting_weights(graph_, node, start), rate_factor);
    add_parameter(node.name + ".scale", ParameterKind::kWeightScale, conv.log_scale, constant(channels, 0));
    add_parameter(node.name + ".bias", ParameterKind::kBias, conv.offset, constant(channels, 0));
}

void Student::add_affine(int node, double output_step) {
    const auto& op = std::get<AffineOp>(graph_.nodes[node].op);
    const std::string& name = graph_.nodes[node].name;
    const auto channels = static_cast<int64_t>(op.scale.size());
    Affine& affine = affines_[node];
    affine.start_scale = place(to_torch(op.scale));
    affine.start_shift = place(to_torch(op.shift));
    if (observes()) {
        const at::Tensor scale = affine.start_scale;
        affine.start_scale = affine.shift_unit = constant(channels, 1);
        add_parameter(name + ".gain", ParameterKind::kAffine, affine.gain, scale);
        add_parameter(name + ".shift", ParameterKind::kAffine, affine.offset, constant(channels, 0));
        return;
    }
    constexpr double kPartOfEmbedding = 0.01;
    affine.shift_unit = constant(channels, output_step > 0 ? output_step : kPartOfEmbedding);
    add_parameter(name + ".gain", ParameterKind::kAffine, affine.gain, constant(channels, 1));
    add_parameter(name + ".shift", ParameterKind::kAffine, affine.offset, constant(channels, 0));
}

void Student::add_range(const FusedNode& fused, ValueId value, const QuantParams& start) {
    shares_range_[value] = value;
    Range& range = ranges_[value];
    range.bits = start.bits;
    range.start_step = place(at::scalar_tensor(start.scale, at::kFloat));
    const std::string name =
        graph_.nodes[fused.node].name + (value == fused.outputs[0].value ? ".out" : ".out2");
    range.observed = observes();
    if (observes()) {
        const double step = static_cast<double>(start.scale);
        range.low = place(at::scalar_tensor(-start.zero_point * step, at::kFloat));
        range.high = place(at::scalar_tensor((range.largest() - start.zero_point) * step, at::kFloat));
        parameters_.push_back({name + ".low", ParameterKind::kRange, range.low, 1});
        parameters_.push_back({name + ".high", ParameterKind::kRange, range.high, 1});
        return;
    }
    add_parameter(name + ".step", ParameterKind::kStep, range.log_step, at::scalar_tensor(0.0, at::kFloat));
    add_parameter(name + ".zero", ParameterKind::kZeroPoint, range.learned_zero_point,
                  at::scalar_tensor(static_cast<double>(start.zero_point), at::kFloat));
}

struct Student::Pass {
    const Student& student;
    const Graph& graph;
    at::ScalarType type;
    std::vector<at::Tensor> levels;         // by value
    std::vector<int> readers_left;          // by value
    mutable std::vector<at::Tensor> steps;  // by the value that owns the range
    at::Tensor embedding;

    explicit Pass(const Student& owner)
        : student(owner),
          graph(owner.graph_),
          type(owner.options_.bfloat16 ? at::kBFloat16 : at::kFloat),
          levels(graph.values.size()),
          readers_left(graph.values.size()),
          steps(graph.values.size()) {
        for (const FusedNode& fused : owner.plan_) {
            for (const ValueId value : graph.nodes[fused.node].inputs) ++readers_left[value];
            if (fused.residual != kNoValue) ++readers_left[fused.residual];
        }
    }

    at::Tensor real(ValueId value) const {
        return levels[value].to(at::kFloat) * student.range_of(value).step();
    }

    void release(ValueId value) {
        if (--readers_left[value] == 0) levels[value].reset();
    }

    // The image less the nearest whole numbers to the mean: 0 is what the engine pads with.
    at::Tensor image(const at::Tensor& pixels) const {
        return (pixels.to(at::kFloat) - student.whole_mean_)
            .to(type)
            .contiguous(at::MemoryFormat::ChannelsLast);
    }

    at::Tensor convolve(const ConvOp& op, const at::Tensor& input, const at::Tensor& weight) const {
        const Window& window = op.window;
        if (is_plain_depthwise(op, input.size(1))) return depthwise_convolution(input, weight, window);
        const bool pointwise = window.kernel_height == 1 && window.kernel_width == 1 &&
                               window.stride_y == 1 && window.stride_x == 1 && !window.padding.any() &&
                               op.groups == 1;
        if (pointwise) {
            const int64_t n = input.size(0), h = input.size(2), w = input.size(3);
            const at::Tensor rows = input.permute({0, 2, 3, 1}).reshape({n * h * w, input.size(1)});
            const at::Tensor filters = weight.reshape({weight.size(0), weight.size(1)}).to(type);
            return at::mm(rows, filters.t()).reshape({n, h, w, weight.size(0)}).permute({0, 3, 1, 2});
        }
        return convolution(input, weight.to(type).contiguous(at::MemoryFormat::ChannelsLast), {}, window,
                           op.groups);
    }

    void set_activation(const FusedNode& fused, double unit, EpilogueTensors& t) const {
        if (fused.activation_node < 0) return;
        const Op& op = graph.nodes[fused.activation_node].op;
        const int64_t channels = graph.values[graph.nodes[fused.node].output].shape.channels;
        if (const auto found = student.slopes_.find(fused.activation_node); found != student.slopes_.end()) {
            t.slope = as_half(found->second);
        } else if (const auto* leaky = std::get_if<LeakyReluOp>(&op)) {
            t.slope = student.constant(channels, static_cast<double>(leaky->slope));
        } else if (const auto* clip = std::get_if<ClipOp>(&op)) {
            t.clip_low = std::max(static_cast<double>(clip->low) / unit, t.clip_low);
            t.clip_high = std::min(static_cast<double>(clip->high) / unit, t.clip_high);
        } else {
            t.clip_low = 0;
        }
        t.activation_after_residual = fused.activation_after_residual;
    }

    // Real units of a level. Reckoned with in float64, as the engine's lowering does.
    const at::Tensor& step(ValueId value) const {
        at::Tensor& known = steps[student.shares_range_.at(value)];
        if (!known.defined()) known = student.range_of(value).step();
        return known;
    }
    double fixed_step(ValueId value) const {
        return value == graph.output ? 1.0 : step(value).item<double>();
    }
    // step(value) * factor, one float32 number.
    at::Tensor scaled_step(ValueId value, double factor) const {
        return (step(value).to(at::kDouble) * factor).to(at::kFloat);
    }
    at::Tensor number(ValueId value) const { return levels[value].to(at::kFloat); }

    void set_scale(const Conv& conv, const WeightLevelGrid& grid, const at::Tensor& weight, ValueId input,
                   double unit, EpilogueTensors& t) const {
        ConvScaleInputs inputs;
        inputs.start_scale = conv.start_scale;
        inputs.log_scale = grid.log_scale;
        inputs.start_bias = conv.start_bias;
        inputs.bias_unit = conv.bias_unit;
        inputs.offset = conv.offset;
        if (input != graph.input) inputs.input_step = step(input);
        inputs.unit = unit;
        inputs.levels = weight;
        inputs.mean = student.mean_;
        inputs.whole_mean = student.whole_mean_;
        const ConvScale scale = conv_scale(inputs);
        t.multiplier = scale.multiplier;
        t.bias = scale.bias;
        t.whole = scale.whole;
        t.part = scale.part;
    }

    // The operation itself: accumulator, and what makes numbers in the given unit of it.
    void run_operation(const FusedNode& fused, const at::Tensor& pixels, double unit,
                       EpilogueTensors& t) const {
        const Node& node = graph.nodes[fused.node];
        const bool reads_pixels = node.inputs[0] == graph.input;
        const auto factor = [&](ValueId value) { return scaled_step(value, 1 / unit); };
        if (const auto* conv_op = std::get_if<ConvOp>(&node.op)) {
            const Conv& conv = student.convs_.at(fused.node);
            const WeightLevelGrid grid = conv.grid();
            const at::Tensor weight = conv.levels(grid);
            t.accumulator = convolve(*conv_op, reads_pixels ? image(pixels) : levels[node.inputs[0]], weight);
            set_scale(conv, grid, weight, node.inputs[0], unit, t);
        } else if (std::holds_alternative<AffineOp>(node.op)) {
            const Affine& affine = student.affines_.at(fused.node);
            at::Tensor scale = affine.scale().to(at::kDouble), shift = affine.shift().to(at::kDouble);
            if (reads_pixels) {
                scale = scale * student.inverse_std_;
                shift = shift - scale * (student.mean_ - student.whole_mean_).flatten();
            } else {
                scale = scale * step(node.inputs[0]).to(at::kDouble);
            }
            t.accumulator = reads_pixels ? image(pixels) : levels[node.inputs[0]];
            t.multiplier = (scale / unit).to(at::kFloat);
            t.bias = (shift / unit).to(at::kFloat);
        } else if (std::holds_alternative<MulOp>(node.op)) {
            const ValueId a = node.inputs[0], b = node.inputs[1];
            t.accumulator =
                as_numbers(number(a) * number(b) * (step(a).to(at::kDouble) * step(b) / unit).to(at::kFloat));
        } else if (std::holds_alternative<AddOp>(node.op) || std::holds_alternative<SubOp>(node.op)) {
            const ValueId a = node.inputs[0], b = node.inputs[1];
            const at::Tensor of_b = number(b) * factor(b);
            t.accumulator = as_numbers(std::holds_alternative<AddOp>(node.op) ? number(a) * factor(a) + of_b
                                                                              : number(a) * factor(a) - of_b);
        } else if (std::holds_alternative<GlobalAveragePoolOp>(node.op)) {
            const at::Tensor input = number(node.inputs[0]);
            t.accumulator = as_numbers(input.sum({2, 3}, true) * factor(node.inputs[0]) /
                                       static_cast<double>(input.size(2) * input.size(3)));
        } else if (const auto* average = std::get_if<AveragePoolOp>(&node.op)) {
            t.accumulator =
                as_numbers(average_pool(number(node.inputs[0]), *average, factor(node.inputs[0])));
        } else if (std::holds_alternative<ConcatOp>(node.op)) {
            std::vector<at::Tensor> parts;
            for (const ValueId input : node.inputs) parts.push_back(number(input) * factor(input));
            t.accumulator = as_numbers(at::cat(parts, 1));
        } else if (fused.activation_node == fused.node) {
            t.accumulator = as_numbers(number(node.inputs[0]) * factor(node.inputs[0]));
        } else {
            t.accumulator = as_numbers(nonlinear_function(node.op, real(node.inputs[0])) / unit);
        }
    }

    at::Tensor as_numbers(const at::Tensor& tensor) const { return tensor.to(type); }

    // Everything of the epilogue, in the given unit, that the operation's outputs have in common.
    EpilogueTensors before_outputs(const FusedNode& fused, const at::Tensor& pixels, double unit) const {
        EpilogueTensors t;
        run_operation(fused, pixels, unit, t);
        set_activation(fused, unit, t);
        if (fused.residual != kNoValue) {
            t.residual = levels[fused.residual];
            t.residual_multiplier =
                scaled_step(fused.residual, static_cast<double>(fused.residual_sign) / unit);
        }
        return t;
    }

    // From numbers in `unit` to numbers in `output_unit`, where the output has a batch norm of its own.
    void set_affine(const FusedOutput& output, double unit, double output_unit, EpilogueTensors& t) const {
        if (output.affine_node < 0) return;
        const Affine& affine = student.affines_.at(output.affine_node);
        t.scale = (affine.scale().to(at::kDouble) * unit / output_unit).to(at::kFloat);
        t.shift = (affine.shift().to(at::kDouble) / output_unit).to(at::kFloat);
    }

    // Widens the ranges of the operation's outputs to what it gives this time.
    void observe(const FusedNode& fused, const at::Tensor& pixels) {
        const at::NoGradGuard no_gradients;
        const EpilogueTensors t = before_outputs(fused, pixels, 1);
        for (const FusedOutput& output : fused.outputs) {
            if (output.value == graph.output) continue;
            EpilogueTensors of_output = t;
            set_affine(output, 1, 1, of_output);
            student.range_of(output.value).widen(epilogue_numbers(of_output));
            steps[output.value].reset();
        }
    }

    void run(const FusedNode& fused, const at::Tensor& pixels) {
        const Node& node = graph.nodes[fused.node];
        if (const auto* pool = std::get_if<MaxPoolOp>(&node.op)) {
            levels[fused.outputs[0].value] = max_pool(levels[node.inputs[0]], pool->window);
            return;
        }
        if (student.observing_) observe(fused, pixels);
        // The numbers' unit is one level of the first output, as in the engine; only the level's own size
        // learns from being the unit.
        const double unit = fixed_step(fused.outputs[0].value);
        const EpilogueTensors t = before_outputs(fused, pixels, unit);
        for (const FusedOutput& output : fused.outputs) {
            if (output.value == graph.output) {
                embedding = epilogue_numbers(t).flatten(1);
                continue;
            }
            EpilogueTensors of_output = t;
            const double output_unit = fixed_step(output.value);
            set_affine(output, unit, output_unit, of_output);
            const Range& range = student.range_of(output.value);
            of_output.step = scaled_step(output.value, 1 / output_unit);  // 1, which learns
            of_output.zero_point = range.zero_point();
            of_output.bits = range.bits;
            levels[output.value] = fused_epilogue(of_output);
        }
    }
};

at::Tensor Student::forward(const at::Tensor& pixels, const std::vector<ValueId>& keep,
                            std::vector<at::Tensor>& kept, bool cut) const {
    Pass pass(*this);
    kept.assign(keep.size(), at::Tensor());
    for (const FusedNode& fused : plan_) {
        pass.run(fused, pixels);
        for (const FusedOutput& output : fused.outputs) {
            const auto found = std::find(keep.begin(), keep.end(), output.value);
            if (found == keep.end()) continue;
            kept[static_cast<size_t>(found - keep.begin())] = pass.real(output.value);
            if (cut) pass.levels[output.value] = pass.levels[output.value].detach();
        }
        for (const ValueId input : graph_.nodes[fused.node].inputs) pass.release(input);
        if (fused.residual != kNoValue) pass.release(fused.residual);
    }
    return pass.embedding;
}

at::Tensor Student::forward(const at::Tensor& pixels) const {
    std::vector<at::Tensor> kept;
    return forward(pixels, {}, kept);
}

at::Tensor Student::observed_ranges() const {
    std::vector<at::Tensor> high, low;
    for (const auto& [value, range] : ranges_) {
        if (!range.observed) continue;
        high.push_back(range.high);
        low.push_back(-range.low);
    }
    if (high.empty()) return at::empty({2, 0}, at::kFloat);
    return at::stack({at::stack(high), at::stack(low)});
}

void Student::set_observed_ranges(const at::Tensor& ranges) {
    const at::NoGradGuard no_gradients;
    int64_t index = 0;
    for (const auto& [value, range] : ranges_) {
        if (!range.observed) continue;
        at::Tensor high = range.high, low = range.low;
        high.copy_(ranges[0][index]);
        low.copy_(-ranges[1][index]);
        ++index;
    }
}

void Student::write_back(Graph& graph, QuantizedGraph& quantized) const {
    const at::NoGradGuard no_gradients;
    graph = graph_;
    quantized = start_;
    for (const auto& [node, conv] : convs_) {
        QuantizedConv& to = quantized.convs.at(node);
        const WeightLevelGrid grid = conv.grid();
        to.scale = to_vector(conv.start_scale * at::exp(grid.log_scale));
        to.bias = to_vector(conv.bias());
        const std::vector<float> levels = to_vector(conv.levels(grid));
        if (conv.observed) {
            const std::vector<float> lowest = to_vector(grid.lowest);
            for (size_t i = 0; i < lowest.size(); ++i) to.zero_point[i] = static_cast<int32_t>(-lowest[i]);
        }
        const size_t per_output = levels.size() / to.scale.size();
        for (size_t index = 0; index < levels.size(); ++index) {
            to.level[index] = static_cast<int32_t>(levels[index]);
            if (!to.zero_point.empty()) to.level[index] += to.zero_point[index / per_output];
        }
    }
    for (const auto& [node, slope] : slopes_)
        std::get<PReluOp>(graph.nodes[node].op).slope = to_vector(slope);
    for (const auto& [node, affine] : affines_) {
        auto& op = std::get<AffineOp>(graph.nodes[node].op);
        op.scale = to_vector(affine.scale());
        op.shift = to_vector(affine.shift());
    }
    for (const auto& [value, owner] : shares_range_) {
        const Range& range = ranges_.at(owner);
        QuantParams& params = quantized.values[value];
        params.bits = range.bits;
        params.scale = range.step().item<float>();
        params.zero_point = static_cast<int32_t>(
            std::clamp(std::nearbyint(range.zero_point().item<double>()), 0.0, range.largest()));
    }
}

}  // namespace quantface
