#include "train/student_pass.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "train/conv_scale.h"
#include "train/depthwise.h"
#include "train/fused_epilogue.h"
#include "train/tensor_operations.h"

namespace quantface {

namespace {

// A slope as the engine keeps it, in binary16; the gradient passes unchanged.
at::Tensor as_half(const at::Tensor& slope) {
    return slope + (slope.detach().to(at::kHalf).to(at::kFloat) - slope.detach());
}

struct Pass {
    const StudentParts& student;
    const Graph& graph;
    at::ScalarType type;
    std::vector<at::Tensor> levels;         // by value
    std::vector<int> readers_left;          // by value
    mutable std::vector<at::Tensor> steps;  // by the value that owns the range
    at::Tensor embedding;

    explicit Pass(const StudentParts& of)
        : student(of),
          graph(of.graph),
          type(of.options.bfloat16 ? at::kBFloat16 : at::kFloat),
          levels(graph.values.size()),
          readers_left(graph.values.size()),
          steps(graph.values.size()) {
        for (const FusedNode& fused : of.plan) {
            for (const ValueId value : graph.nodes[fused.node].inputs) ++readers_left[value];
            if (fused.residual != kNoValue) ++readers_left[fused.residual];
        }
    }

    at::Tensor real(ValueId value) const {
        return levels[value].to(at::kFloat) * student.numbers.range_of(value).step();
    }

    void release(ValueId value) {
        if (--readers_left[value] == 0) levels[value].reset();
    }

    // The image less the nearest whole numbers to the mean: 0 is what the engine pads with.
    at::Tensor image(const at::Tensor& pixels) const {
        return (pixels.to(at::kFloat) - student.whole_mean)
            .to(type)
            .contiguous(at::MemoryFormat::ChannelsLast);
    }

    at::Tensor convolve(const ConvOp& op, const at::Tensor& input, const at::Tensor& weight) const {
        const Window& window = op.window;
        if (is_plain_depthwise(op, input.size(1))) return depthwise_convolution(input, weight, window);
        return convolution(input, weight.to(type).contiguous(at::MemoryFormat::ChannelsLast), {}, window,
                           op.groups);
    }

    void set_activation(const FusedNode& fused, double unit, EpilogueTensors& t) const {
        if (fused.activation_node < 0) return;
        const Op& op = graph.nodes[fused.activation_node].op;
        const int64_t channels = graph.values[graph.nodes[fused.node].output].shape.channels;
        if (const auto found = student.numbers.slopes.find(fused.activation_node);
            found != student.numbers.slopes.end()) {
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
        at::Tensor& known = steps[student.numbers.shares_range.at(value)];
        if (!known.defined()) known = student.numbers.range_of(value).step();
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

    void set_scale(const LearnedConv& conv, const WeightLevelGrid& grid, const at::Tensor& weight,
                   ValueId input, double unit, EpilogueTensors& t) const {
        ConvScaleInputs inputs;
        inputs.start_scale = conv.start_scale;
        inputs.log_scale = grid.log_scale;
        inputs.start_bias = conv.start_bias;
        inputs.bias_unit = conv.bias_unit;
        inputs.offset = conv.offset;
        if (input != graph.input) inputs.input_step = step(input);
        inputs.unit = unit;
        inputs.levels = weight;
        inputs.mean = student.mean;
        inputs.whole_mean = student.whole_mean;
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
            const LearnedConv& conv = student.numbers.convs.at(fused.node);
            const WeightLevelGrid grid = conv.grid();
            const at::Tensor weight = conv.levels(grid);
            t.accumulator = convolve(*conv_op, reads_pixels ? image(pixels) : levels[node.inputs[0]], weight);
            set_scale(conv, grid, weight, node.inputs[0], unit, t);
        } else if (std::holds_alternative<AffineOp>(node.op)) {
            const LearnedAffine& affine = student.numbers.affines.at(fused.node);
            at::Tensor scale = affine.scale().to(at::kDouble), shift = affine.shift().to(at::kDouble);
            if (reads_pixels) {
                scale = scale * student.inverse_std;
                shift = shift - scale * (student.mean - student.whole_mean).flatten();
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
        const LearnedAffine& affine = student.numbers.affines.at(output.affine_node);
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
            student.numbers.range_of(output.value).widen(epilogue_numbers(of_output));
            steps[output.value].reset();
        }
    }

    void run(const FusedNode& fused, const at::Tensor& pixels) {
        const Node& node = graph.nodes[fused.node];
        if (const auto* pool = std::get_if<MaxPoolOp>(&node.op)) {
            levels[fused.outputs[0].value] = max_pool(levels[node.inputs[0]], pool->window);
            return;
        }
        if (student.observing) observe(fused, pixels);
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
            const LearnedRange& range = student.numbers.range_of(output.value);
            of_output.step = scaled_step(output.value, 1 / output_unit);  // 1, which learns
            of_output.zero_point = range.zero_point();
            of_output.bits = range.bits;
            levels[output.value] = fused_epilogue(of_output);
        }
    }
};

}  // namespace

at::Tensor run_student(const StudentParts& student, const at::Tensor& pixels,
                       const std::vector<ValueId>& keep, std::vector<at::Tensor>& kept, bool cut) {
    Pass pass(student);
    kept.assign(keep.size(), at::Tensor());
    for (const FusedNode& fused : student.plan) {
        pass.run(fused, pixels);
        for (const FusedOutput& output : fused.outputs) {
            const auto found = std::find(keep.begin(), keep.end(), output.value);
            if (found == keep.end()) continue;
            kept[static_cast<size_t>(found - keep.begin())] = pass.real(output.value);
            if (cut) pass.levels[output.value] = pass.levels[output.value].detach();
        }
        for (const ValueId input : student.graph.nodes[fused.node].inputs) pass.release(input);
        if (fused.residual != kNoValue) pass.release(fused.residual);
    }
    return pass.embedding;
}

}  // namespace quantface
