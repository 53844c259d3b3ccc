#include "train/student.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "numerics/quantization.h"
#include "train/depthwise.h"
#include "train/fused_epilogue.h"
#include "train/tensor_conversion.h"

namespace quantface {

namespace {

// What was rounded elsewhere than to the nearest starts this near to the border of its level.
constexpr float kFarthestFromLevel = 0.45f;

at::Tensor by_output(const at::Tensor& vector) {
    return vector.reshape({-1, 1, 1, 1});
}

// round(clamp(u * exp(-t), -limit, limit)); the gradient passes where the level lies within its bounds (Esser et al.,
// "Learned Step Size Quantization", ICLR 2020).
class WeightLevels : public torch::autograd::Function<WeightLevels> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& weight,
                              const at::Tensor& log_scale, double limit) {
        const at::Tensor scaled = weight * by_output(at::exp(-log_scale));
        context->save_for_backward({scaled, log_scale});
        context->saved_data["limit"] = limit;
        return at::clamp(scaled, -limit, limit).round_();
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   const torch::autograd::variable_list& gradients) {
        const auto saved = context->get_saved_variables();
        const double limit = context->saved_data["limit"].toDouble();
        const at::Tensor kept = gradients[0] * (saved[0].abs() <= limit + 0.5);
        const at::Tensor scale = -(kept * saved[0]).sum({1, 2, 3});
        return {kept * by_output(at::exp(-saved[1])), scale, at::Tensor()};
    }
};

// The weights in units of their starting scale, near what they round to.
at::Tensor starting_weights(const Graph& graph, const Node& node, const QuantizedConv& start) {
    const auto& conv = std::get<ConvOp>(node.op);
    at::Tensor weight = to_torch(conv.weight);
    if (node.inputs[0] == graph.input) {
        const std::vector<float> std(graph.input_spec.std.begin(), graph.input_spec.std.end());
        QF_CHECK(conv.groups == 1);
        weight = weight / to_torch(std).reshape({1, 3, 1, 1});
    }
    const std::vector<float> numbers(start.level.begin(), start.level.end());
    const at::Tensor level = to_torch(numbers).reshape(weight.sizes());
    const at::Tensor wanted = weight / by_output(to_torch(start.scale));
    return level + at::clamp(wanted - level, -kFarthestFromLevel, kFarthestFromLevel);
}

}  // namespace

at::Tensor Student::Conv::scale() const {
    return start_scale * at::exp(log_scale);
}
at::Tensor Student::Conv::bias() const {
    return start_bias + offset * bias_unit;
}
at::Tensor Student::Conv::levels() const {
    return WeightLevels::apply(weight, log_scale, static_cast<double>(weight_limit(bits)));
}
at::Tensor Student::Affine::scale() const {
    return start_scale * gain;
}
at::Tensor Student::Affine::shift() const {
    return start_shift + offset * shift_unit;
}
at::Tensor Student::Range::step() const {
    return start_step * at::exp(log_step);
}

Student::Student(const Graph& graph, const std::vector<FusedNode>& plan, const QuantizedGraph& start,
                 const StudentOptions& options)
    : graph_(graph), plan_(plan), start_(start), options_(options) {
    const InputSpec& spec = graph.input_spec;
    mean_ = place(to_torch(std::vector<float>(spec.mean.begin(), spec.mean.end()))).reshape({1, 3, 1, 1});
    padding_pixel_ = at::clamp(mean_.round(), 0, 255);
    for (const FusedNode& fused : plan) {
        const Node& node = graph.nodes[fused.node];
        const ValueId first = fused.outputs[0].value;
        const bool last = first == graph.output;
        if (const auto found = start.convs.find(fused.node); found != start.convs.end()) {
            add_conv(fused, found->second, last ? 0.0 : static_cast<double>(start.values[first].scale));
        }
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
            if (output.affine_node < 0) continue;
            const auto& op = std::get<AffineOp>(graph.nodes[output.affine_node].op);
            const std::string& name = graph.nodes[output.affine_node].name;
            const auto channels = static_cast<int64_t>(op.scale.size());
            Affine& affine = affines_[output.affine_node];
            affine.start_scale = place(to_torch(op.scale));
            affine.start_shift = place(to_torch(op.shift));
            affine.shift_unit = constant(channels, static_cast<double>(start.values[output.value].scale));
            add_parameter(name + ".gain", ParameterKind::kAffine, affine.gain, constant(channels, 1));
            add_parameter(name + ".shift", ParameterKind::kAffine, affine.offset, constant(channels, 0));
        }
    }
}

at::Tensor Student::constant(int64_t count, double number) const {
    return at::full({count}, number, at::TensorOptions(at::kFloat).device(options_.device));
}

void Student::add_parameter(const std::string& name, ParameterKind kind, at::Tensor& member,
                            const at::Tensor& start) {
    member = place(start).detach().clone().set_requires_grad(true);
    parameters_.push_back({name, kind, member});
}

void Student::add_conv(const FusedNode& fused, const QuantizedConv& start, double output_step) {
    const Node& node = graph_.nodes[fused.node];
    Conv& conv = convs_[fused.node];
    conv.bits = start.bits;
    conv.start_scale = place(to_torch(start.scale));
    conv.start_bias = place(to_torch(start.bias));
    const auto channels = static_cast<int64_t>(start.scale.size());
    if (output_step > 0) {
        conv.bias_unit = constant(channels, output_step);
    } else {
        // The embedding: a hundredth of what its weights reach on average.
        const at::Tensor reach = conv.start_scale.mean() * static_cast<double>(weight_limit(start.bits));
        conv.bias_unit = constant(channels, 0.01 * reach.item<double>());
    }
    add_parameter(node.name + ".weight", ParameterKind::kWeight, conv.weight, starting_weights(graph_, node, start));
    add_parameter(node.name + ".scale", ParameterKind::kWeightScale, conv.log_scale, constant(channels, 0));
    add_parameter(node.name + ".bias", ParameterKind::kBias, conv.offset, constant(channels, 0));
}

void Student::add_range(const FusedNode& fused, ValueId value, const QuantParams& start) {
    shares_range_[value] = value;
    Range& range = ranges_[value];
    range.bits = start.bits;
    range.start_step = place(at::scalar_tensor(start.scale, at::kFloat));
    const std::string name =
        graph_.nodes[fused.node].name + (value == fused.outputs[0].value ? ".out" : ".out2");
    add_parameter(name + ".step", ParameterKind::kStep, range.log_step, at::scalar_tensor(0.0, at::kFloat));
    add_parameter(name + ".zero", ParameterKind::kZeroPoint, range.zero_point,
                  at::scalar_tensor(static_cast<double>(start.zero_point), at::kFloat));
}

struct Student::Pass {
    const Student& student;
    const Graph& graph;
    at::ScalarType type;
    std::vector<at::Tensor> levels;  // by value
    std::vector<int> readers_left;   // by value
    at::Tensor embedding;

    explicit Pass(const Student& owner)
        : student(owner),
          graph(owner.graph_),
          type(owner.options_.bfloat16 ? at::kBFloat16 : at::kFloat),
          levels(graph.values.size()),
          readers_left(graph.values.size()) {
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

    // The image as the first convolution sees it: padded with the nearest pixel to the mean, less the mean.
    at::Tensor padded_image(const at::Tensor& pixels, const Padding& p) const {
        const at::Tensor& pad = student.padding_pixel_;
        at::Tensor image = pixels.to(at::kFloat);
        if (p.any()) {
            at::Tensor padded = pad.expand({image.size(0), 3, image.size(2) + p.top + p.bottom,
                                            image.size(3) + p.left + p.right}).clone(at::MemoryFormat::Contiguous);
            padded.slice(2, p.top, p.top + image.size(2)).slice(3, p.left, p.left + image.size(3)).copy_(image);
            image = padded;
        }
        return (image - student.mean_).to(type).contiguous(at::MemoryFormat::ChannelsLast);
    }

    at::Tensor convolve(const Node& node, const ConvOp& op, const at::Tensor& pixels) const {
        const Conv& conv = student.convs_.at(static_cast<int>(&node - graph.nodes.data()));
        const at::Tensor weight = conv.levels();
        const bool reads_pixels = node.inputs[0] == graph.input;
        Window window = op.window;
        at::Tensor input;
        if (reads_pixels) {
            input = padded_image(pixels, window.padding);
            window.padding = {};
        } else {
            input = levels[node.inputs[0]];
        }
        if (is_plain_depthwise(op, input.size(1))) return depthwise_convolution(input, weight, window);
        const Padding& p = window.padding;
        const bool even = p.top == p.bottom && p.left == p.right;
        if (!even) input = at::constant_pad_nd(input, {p.left, p.right, p.top, p.bottom}, 0);
        const int64_t pad_y = even ? p.top : 0, pad_x = even ? p.left : 0;
        const bool pointwise = window.kernel_height == 1 && window.kernel_width == 1 && window.stride_y == 1 &&
                               window.stride_x == 1 && !p.any() && op.groups == 1;
        if (pointwise) {
            const int64_t n = input.size(0), h = input.size(2), w = input.size(3);
            const at::Tensor rows = input.permute({0, 2, 3, 1}).reshape({n * h * w, input.size(1)});
            const at::Tensor filters = weight.reshape({weight.size(0), weight.size(1)}).to(type);
            return at::mm(rows, filters.t()).reshape({n, h, w, weight.size(0)}).permute({0, 3, 1, 2});
        }
        return at::conv2d(input, weight.to(type).contiguous(at::MemoryFormat::ChannelsLast), {},
                          {window.stride_y, window.stride_x}, {pad_y, pad_x},
                          {window.dilation_y, window.dilation_x}, op.groups);
    }

    void set_activation(const FusedNode& fused, EpilogueTensors& t) const {
        if (fused.activation_node < 0) return;
        const Op& op = graph.nodes[fused.activation_node].op;
        const int64_t channels = graph.values[graph.nodes[fused.node].output].shape.channels;
        if (const auto found = student.slopes_.find(fused.activation_node); found != student.slopes_.end()) {
            t.slope = found->second;
        } else if (const auto* leaky = std::get_if<LeakyReluOp>(&op)) {
            t.slope = student.constant(channels, static_cast<double>(leaky->slope));
        } else if (const auto* clip = std::get_if<ClipOp>(&op)) {
            t.clip_low = std::max(static_cast<double>(clip->low), t.clip_low);
            t.clip_high = std::min(static_cast<double>(clip->high), t.clip_high);
        } else {
            t.clip_low = 0;
        }
        t.activation_after_residual = fused.activation_after_residual;
    }

    // The embedding: no levels, few numbers.
    at::Tensor finish_real(const EpilogueTensors& t) const {
        const auto by_channel = [](const at::Tensor& vector) { return vector.reshape({1, -1, 1, 1}); };
        at::Tensor r = t.accumulator.to(at::kFloat);
        if (t.multiplier.defined()) r = r * by_channel(t.multiplier) + by_channel(t.bias);
        const auto activate = [&] {
            if (t.slope.defined()) r = at::clamp_min(r, 0) + at::clamp_max(r, 0) * by_channel(t.slope);
            r = at::clamp(r, t.clip_low, t.clip_high);
        };
        if (!t.activation_after_residual) activate();
        if (t.residual.defined()) r = r + t.residual.to(at::kFloat) * t.residual_multiplier;
        if (t.activation_after_residual) activate();
        return r.flatten(1);
    }

    void run(const FusedNode& fused, const at::Tensor& pixels) {
        const Node& node = graph.nodes[fused.node];
        EpilogueTensors t;
        if (const auto* op = std::get_if<ConvOp>(&node.op)) {
            const Conv& conv = student.convs_.at(fused.node);
            t.accumulator = convolve(node, *op, pixels);
            t.multiplier = conv.scale();
            if (node.inputs[0] != graph.input) t.multiplier = t.multiplier * student.range_of(node.inputs[0]).step();
            t.bias = conv.bias();
        } else {
            fail_bad_input("node '" + node.name + "' (" + op_name(node.op) + ") cannot be trained yet");
        }
        set_activation(fused, t);
        if (fused.residual != kNoValue) {
            t.residual = levels[fused.residual];
            t.residual_multiplier = student.range_of(fused.residual).step() * fused.residual_sign;
        }
        for (const FusedOutput& output : fused.outputs) {
            if (output.value == graph.output) {
                embedding = finish_real(t);
                continue;
            }
            EpilogueTensors of_output = t;
            if (output.affine_node >= 0) {
                const Affine& affine = student.affines_.at(output.affine_node);
                of_output.scale = affine.scale();
                of_output.shift = affine.shift();
            }
            const Range& range = student.range_of(output.value);
            of_output.step = range.step();
            of_output.zero_point = range.zero_point;
            of_output.bits = range.bits;
            levels[output.value] = fused_epilogue(of_output);
        }
    }
};

at::Tensor Student::forward(const at::Tensor& pixels, const std::vector<ValueId>& keep,
                            std::vector<at::Tensor>& kept) const {
    Pass pass(*this);
    kept.assign(keep.size(), at::Tensor());
    for (const FusedNode& fused : plan_) {
        pass.run(fused, pixels);
        for (const FusedOutput& output : fused.outputs) {
            const auto found = std::find(keep.begin(), keep.end(), output.value);
            if (found != keep.end()) kept[static_cast<size_t>(found - keep.begin())] = pass.real(output.value);
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

void Student::write_back(Graph& graph, QuantizedGraph& quantized) const {
    const at::NoGradGuard no_gradients;
    graph = graph_;
    quantized = start_;
    for (const auto& [node, conv] : convs_) {
        QuantizedConv& to = quantized.convs.at(node);
        to.scale = to_vector(conv.scale());
        to.bias = to_vector(conv.bias());
        const std::vector<float> levels = to_vector(conv.levels());
        for (size_t index = 0; index < levels.size(); ++index) to.level[index] = static_cast<int32_t>(levels[index]);
    }
    for (const auto& [node, slope] : slopes_) std::get<PReluOp>(graph.nodes[node].op).slope = to_vector(slope);
    for (const auto& [node, affine] : affines_) {
        auto& op = std::get<AffineOp>(graph.nodes[node].op);
        op.scale = to_vector(affine.scale());
        op.shift = to_vector(affine.shift());
    }
    for (const auto& [value, owner] : shares_range_) {
        const Range& range = ranges_.at(owner);
        const double largest = (1 << range.bits) - 1;
        QuantParams& params = quantized.values[value];
        params.bits = range.bits;
        params.scale = range.step().item<float>();
        params.zero_point =
            static_cast<int32_t>(std::clamp(std::nearbyint(range.zero_point.item<double>()), 0.0, largest));
    }
}

}  // namespace quantface
