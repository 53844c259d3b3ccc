// Convolutions; the one that gives the embedding by itself becomes a Gemm.
#include <algorithm>
#include <cmath>

#include "formats/onnx_export_epilogue.h"
#include "formats/onnx_export_operations.h"
#include "formats/onnx_export_ranges.h"
#include "formats/onnx_export_weights.h"

namespace quantface {

namespace {

class ConvExport {
  public:
    ConvExport(OnnxExportContext& context, const IntegerNode& node, const IntegerConv& op)
        : context_(context),
          graph_(context.graph),
          op_(op),
          input_(node.inputs[0]),
          node_(node),
          name_(context.name_of(node)),
          window_(op.window) {}

    void run() {
        const bool is_gemm = gives_the_embedding_alone();
        const std::string input = is_gemm ? read_flat() : read();
        const double unit = epilogue_unit(context_.model, op_.epilogue);
        weights_ =
            onnx_conv_weights(op_, unit, input_step(), zero_, context_.style == OnnxStyle::kQdqInteger);
        std::vector<std::string> inputs = {input, weight(is_gemm)};
        // A bias that is no whole number of the accumulator's units: int32 would lose its fraction, and
        // float32 is rounded to int32 by newer ONNX Runtimes where it is the convolution's own. So it is
        // added behind it. The same goes for asymmetric weights, which QLinearConv refuses.
        const bool added_behind =
            context_.style == OnnxStyle::kQdq && (op_.bias_fraction_bits > 0 || op_.has_asymmetric_weights());
        if (!added_behind) inputs.push_back(bias());
        const std::string wanted = name_ + (is_gemm ? ".gemm" : ".conv");
        const bool is_last = is_gemm && !added_behind;
        const std::string number = is_last ? context_.output_name() : graph_.reserve(wanted);
        if (is_gemm) {
            graph_.add_to(number, "Gemm", inputs, {onnx_attribute("transB", int64_t{1})});
        } else {
            graph_.add_to(number, "Conv", inputs, attributes());
        }
        if (is_gemm) {
            if (added_behind)
                graph_.add_to(context_.output_name(), "Add", {number, float_bias({channels()})});
            return;
        }
        export_epilogue(
            context_, node_, op_.epilogue,
            added_behind ? graph_.add("Add", {number, float_bias({1, channels(), 1, 1})}, name_ + ".biased")
                         : number);
    }

  private:
    int64_t channels() const { return static_cast<int64_t>(op_.bias.size()); }
    double input_step() const { return context_.step(input_); }
    double input_zero_point() const { return context_.zero_point(input_); }

    bool gives_the_embedding_alone() const {
        const Epilogue& epilogue = op_.epilogue;
        const Shape& shape = context_.value(input_).shape;
        return context_.value(epilogue.outputs[0].value).is_float && epilogue.outputs.size() == 1 &&
               epilogue.outputs[0].scale.empty() && epilogue_steps(epilogue).empty() && op_.groups == 1 &&
               window_.kernel_height == shape.height && window_.kernel_width == shape.width &&
               !window_.padding.any();
    }

    std::string read_flat() {
        zero_.assign(op_.padding_level.size(), context_.zero_point(input_));
        const OnnxExportGraph::Attributes axis = {onnx_attribute("axis", int64_t{1})};
        // Levels are flattened where the Gemm shall see them: ONNX Runtime joins it with what it reads
        // directly.
        if (context_.style == OnnxStyle::kQdqInteger) {
            const std::string levels =
                graph_.add("Flatten", {context_.levels(input_)}, name_ + ".flat_levels", axis);
            return context_.dequantize(levels, input_, name_ + ".flat");
        }
        return graph_.add("Flatten", {context_.real(input_)}, name_ + ".flat", axis);
    }

    // What the convolution reads. Its padding is with zeros, so the level that padding has must count as
    // zero.
    std::string read() {
        const std::vector<uint8_t>& levels = op_.padding_level;
        zero_.assign(levels.begin(), levels.end());
        const bool uniform = std::count(levels.begin(), levels.end(), levels[0]) == std::ssize(levels);
        const bool is_input = input_ == context_.model.input;
        if (context_.style == OnnxStyle::kFloat) {
            // The image also without padding: so the file says by itself around what its pixels lie.
            if (window_.padding.any() || is_input) return shifted("Sub", context_.real(input_));
        } else if (window_.padding.any() && !uniform) {
            return padded();
        } else if (window_.padding.any() && levels[0] != context_.zero_point(input_)) {
            QuantParams params = context_.value(input_).quant;
            params.zero_point = levels[0];
            const std::string number = shifted("Sub", context_.unrounded(input_));
            return context_.requantize(number, params, {}, name_ + ".input");
        }
        if (!window_.padding.any() || context_.style == OnnxStyle::kFloat) {
            zero_.assign(levels.size(), context_.zero_point(input_));
        }
        return context_.real(input_);
    }

    // Levels have one zero point for all channels, so padding that differs by channel is laid around them
    // before.
    std::string padded() {
        const Padding& pad = window_.padding;
        const std::string pads =
            graph_.int64s(name_ + ".pads", {8}, {0, 0, pad.top, pad.left, 0, 0, pad.bottom, pad.right});
        const std::string centred = shifted("Sub", context_.unrounded(input_));
        const std::string wide = graph_.add("Pad", {centred, pads}, name_ + ".padded");
        window_.padding = {};
        zero_.assign(zero_.size(), context_.zero_point(input_));
        return context_.requantize(shifted_back(wide), context_.value(input_).quant, {}, name_ + ".input");
    }

    std::vector<float> padding_numbers() const {
        std::vector<float> numbers;
        for (const uint8_t level : op_.padding_level) {
            numbers.push_back(static_cast<float>((level - context_.zero_point(input_)) * input_step()));
        }
        return numbers;
    }
    std::string shifted(const char* op, const std::string& number) {
        const std::vector<float> numbers = padding_numbers();
        if (std::all_of(numbers.begin(), numbers.end(), [](float n) { return n == 0; }) &&
            input_ != context_.model.input)
            return number;
        return graph_.add(op, {number, context_.per_channel(numbers, name_ + ".padding")},
                          name_ + ".centred");
    }
    std::string shifted_back(const std::string& number) {
        return graph_.add("Add", {number, context_.per_channel(padding_numbers(), name_ + ".padding")},
                          name_ + ".padded_input");
    }

    std::string weight(bool flat) {
        OnnxExportGraph::Dims dims = weights_.dims;
        if (flat) dims = {dims[0], dims[1] * dims[2] * dims[3]};
        const std::string name = name_ + ".weight";
        if (context_.style == OnnxStyle::kFloat) {
            std::vector<float> numbers;
            for (size_t index = 0; index < weights_.level.size(); ++index)
                numbers.push_back(weights_.real_weight(index));
            return graph_.floats(name, dims, numbers);
        }
        return graph_.add("DequantizeLinear",
                          {graph_.int8s(name + ".levels", dims, weights_.level),
                           graph_.floats(name + ".scale", {channels()}, weights_.scale),
                           graph_.int8s(name + ".zero_point", {channels()}, weights_.zero_point)},
                          name, {onnx_attribute("axis", int64_t{0})});
    }

    std::string float_bias(const OnnxExportGraph::Dims& dims) {
        std::vector<float> numbers;
        for (size_t channel = 0; channel < weights_.bias.size(); ++channel) {
            numbers.push_back(static_cast<float>(weights_.bias[channel] * bias_scale(channel)));
        }
        return graph_.floats(name_ + ".bias", dims, numbers);
    }

    std::string bias() {
        if (context_.style == OnnxStyle::kFloat) return float_bias({channels()});
        std::vector<int32_t> units;
        std::vector<float> scale;
        for (size_t channel = 0; channel < weights_.bias.size(); ++channel) {
            units.push_back(static_cast<int32_t>(std::nearbyint(weights_.bias[channel])));
            scale.push_back(static_cast<float>(bias_scale(channel)));
        }
        const std::string name = name_ + ".bias";
        return graph_.add("DequantizeLinear",
                          {graph_.int32s(name + ".levels", {channels()}, units),
                           graph_.floats(name + ".scale", {channels()}, scale)},
                          name, {onnx_attribute("axis", int64_t{0})});
    }

    double bias_scale(size_t channel) const {
        return static_cast<double>(weights_.scale[channel]) * input_step();
    }

    OnnxExportGraph::Attributes attributes() const {
        OnnxExportGraph::Attributes attributes = onnx_window(window_);
        attributes.push_back(
            onnx_attribute("dilations", std::vector<int64_t>{window_.dilation_y, window_.dilation_x}));
        attributes.push_back(onnx_attribute("group", int64_t{op_.groups}));
        return attributes;
    }

    OnnxExportContext& context_;
    OnnxExportGraph& graph_;
    const IntegerConv& op_;
    const ValueId input_;
    const IntegerNode& node_;
    const std::string name_;
    Window window_;              // without its padding once that is laid around the input
    std::vector<int32_t> zero_;  // for each input channel: the level that what the convolution reads has as 0
    OnnxConvWeights weights_;
};

}  // namespace

void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerConv& op) {
    ConvExport(context, node, op).run();
}

OnnxExportGraph::Attributes onnx_window(const Window& window) {
    const Padding& pad = window.padding;
    return {onnx_attribute("kernel_shape", std::vector<int64_t>{window.kernel_height, window.kernel_width}),
            onnx_attribute("strides", std::vector<int64_t>{window.stride_y, window.stride_x}),
            onnx_attribute("pads", std::vector<int64_t>{pad.top, pad.left, pad.bottom, pad.right})};
}

}  // namespace quantface
