// Convolutions; the one that gives the embedding by itself becomes a Gemm.
#include <cmath>

#include "formats/onnx_export_conv_input.h"
#include "formats/onnx_export_epilogue.h"
#include "formats/onnx_export_operations.h"
#include "formats/onnx_export_weights.h"

namespace quantface {

namespace {

class ConvExport {
  public:
    ConvExport(OnnxExportContext& context, const IntegerNode& node, const IntegerConv& op)
        : context_(context),
          graph_(context.graph),
          op_(op),
          node_(node),
          name_(context.name_of(node)),
          input_step_(context.step(node.inputs[0])),
          is_gemm_(gives_the_embedding_alone()) {}

    void run() {
        const OnnxConvInput input =
            is_gemm_ ? export_flat_input(context_, node_, op_) : export_conv_input(context_, node_, op_);
        const OnnxWeightTask task{op_, context_.unit(op_.epilogue), input_step_, input.zero};
        weights_ = context_.style == OnnxStyle::kQdq
                       ? exact_conv_weights(task)
                       : joined_conv_weights(task, context_.style == OnnxStyle::kQdqInteger);
        const std::vector<std::string> inputs = {input.number, weight(), bias()};
        std::string number =
            is_gemm_ ? graph_.add("Gemm", inputs, name_ + ".gemm", {onnx_attribute("transB", int64_t{1})})
                     : graph_.add("Conv", inputs, name_ + ".conv", conv_attributes(input.padding));
        number = with_channels("Mul", number, weights_.multiplier, ".multiplier", ".scaled");
        number = with_channels("Add", number, weights_.part, ".part", ".shifted");
        if (is_gemm_) {
            context_.define_embedding_by_last_node();
        } else {
            export_epilogue(context_, node_, op_.epilogue, number);
        }
    }

  private:
    int64_t channels() const { return static_cast<int64_t>(op_.bias.size()); }

    bool gives_the_embedding_alone() const {
        const Epilogue& epilogue = op_.epilogue;
        const Window& window = op_.window;
        const Shape& shape = context_.value(node_.inputs[0]).shape;
        const bool alone = epilogue.outputs.size() == 1 && epilogue.outputs[0].scale.empty() &&
                           epilogue.activation == Activation::kNone && epilogue.residual == kNoValue;
        return alone && context_.value(epilogue.outputs[0].value).is_float && op_.groups == 1 &&
               window.kernel_height == shape.height && window.kernel_width == shape.width &&
               !window.padding.any();
    }

    std::string with_channels(const char* op, const std::string& number, const std::vector<float>& by_channel,
                              const char* constant, const char* result) {
        if (by_channel.empty()) return number;
        const std::string numbers = is_gemm_ ? graph_.floats(name_ + constant, {channels()}, by_channel)
                                             : context_.per_channel(by_channel, name_ + constant);
        return graph_.add(op, {number, numbers}, name_ + result);
    }

    std::string weight() {
        OnnxExportGraph::Dims dims = weights_.dims;
        if (is_gemm_) dims = {dims[0], dims[1] * dims[2] * dims[3]};
        const std::string name = name_ + ".weight";
        if (context_.style == OnnxStyle::kFloat) {
            std::vector<float> numbers;
            for (size_t index = 0; index < weights_.level.size(); ++index) {
                numbers.push_back(weights_.real_weight(index));
            }
            return graph_.floats(name, dims, numbers);
        }
        return graph_.add("DequantizeLinear",
                          {graph_.int8s(name + ".levels", dims, weights_.level),
                           graph_.floats(name + ".scale", {channels()}, weights_.scale),
                           graph_.int8s(name + ".zero_point", {channels()}, weights_.zero_point)},
                          name, {onnx_attribute("axis", int64_t{0})});
    }

    std::string bias() {
        const std::string name = name_ + ".bias";
        std::vector<float> scale, numbers;
        std::vector<int32_t> levels;
        for (size_t channel = 0; channel < weights_.bias.size(); ++channel) {
            const double unit = static_cast<double>(weights_.scale[channel]) * input_step_;
            scale.push_back(static_cast<float>(unit));
            numbers.push_back(static_cast<float>(weights_.bias[channel] * unit));
            levels.push_back(static_cast<int32_t>(std::nearbyint(weights_.bias[channel])));
        }
        if (context_.style == OnnxStyle::kFloat) return graph_.floats(name, {channels()}, numbers);
        return graph_.add("DequantizeLinear",
                          {graph_.int32s(name + ".levels", {channels()}, levels),
                           graph_.floats(name + ".scale", {channels()}, scale)},
                          name, {onnx_attribute("axis", int64_t{0})});
    }

    OnnxExportGraph::Attributes conv_attributes(const Padding& padding) const {
        Window window = op_.window;
        window.padding = padding;
        OnnxExportGraph::Attributes attributes = onnx_window(window);
        attributes.push_back(
            onnx_attribute("dilations", std::vector<int64_t>{window.dilation_y, window.dilation_x}));
        attributes.push_back(onnx_attribute("group", int64_t{op_.groups}));
        return attributes;
    }

    OnnxExportContext& context_;
    OnnxExportGraph& graph_;
    const IntegerConv& op_;
    const IntegerNode& node_;
    const std::string name_;
    const double input_step_;
    const bool is_gemm_;
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
