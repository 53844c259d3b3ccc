#include "formats/onnx_export_conv_input.h"

#include <algorithm>

namespace quantface {

namespace {

class ConvInputExport {
  public:
    ConvInputExport(OnnxExportContext& context, const IntegerNode& node, const IntegerConv& op)
        : context_(context), op_(op), input_(node.inputs[0]), name_(context.name_of(node)) {}

    OnnxConvInput run() {
        const std::vector<uint8_t>& levels = op_.padding_level;
        const bool is_image = input_ == context_.model.input;
        const bool uniform = std::count(levels.begin(), levels.end(), levels[0]) == std::ssize(levels);
        const bool pads_with_zero = uniform && levels[0] == context_.zero_point(input_);
        if (context_.style == OnnxStyle::kFloat) {
            // The image's zero is moved without padding, too: the file then says around what its pixels lie.
            if (!is_image && (!op_.window.padding.any() || pads_with_zero)) return plain();
            return {centred(), {levels.begin(), levels.end()}, op_.window.padding};
        }
        if (!op_.window.padding.any() || (uniform && levels[0] == context_.zero_point(input_)))
            return plain();
        return uniform ? shifted() : padded();
    }

  private:
    OnnxConvInput plain() const {
        return {context_.real(input_),
                std::vector<int32_t>(op_.padding_level.size(), context_.zero_point(input_)),
                op_.window.padding};
    }

    // Levels around another zero point: those of the padding are zeros then.
    OnnxConvInput shifted() const {
        QuantParams quant = context_.quant(input_);
        quant.zero_point = op_.padding_level[0];
        return {context_.requantize(centred(), quant, {}, name_ + ".input"),
                std::vector<int32_t>(op_.padding_level.size(), quant.zero_point), op_.window.padding};
    }

    // Levels have one zero point for all channels, so padding that differs by channel is laid around them
    // before.
    OnnxConvInput padded() const {
        OnnxExportGraph& graph = context_.graph;
        const Padding& pad = op_.window.padding;
        const std::string pads =
            graph.int64s(name_ + ".pads", {8}, {0, 0, pad.top, pad.left, 0, 0, pad.bottom, pad.right});
        std::string number = graph.add("Pad", {centred(), pads}, name_ + ".padded");
        number = graph.add("Add", {number, context_.per_channel(padding_numbers(), name_ + ".padding")},
                           name_ + ".padded_input");
        return {context_.requantize(number, context_.quant(input_), {}, name_ + ".input"),
                std::vector<int32_t>(op_.padding_level.size(), context_.zero_point(input_)), Padding{}};
    }

    std::vector<float> padding_numbers() const {
        std::vector<float> numbers;
        for (const uint8_t level : op_.padding_level) {
            numbers.push_back(
                static_cast<float>((level - context_.zero_point(input_)) * context_.step(input_)));
        }
        return numbers;
    }

    // The input, its padding at 0. Whatever rounds it to levels comes behind.
    std::string centred() const {
        return context_.graph.add(
            "Sub", {context_.unrounded(input_), context_.per_channel(padding_numbers(), name_ + ".padding")},
            name_ + ".centred");
    }

    OnnxExportContext& context_;
    const IntegerConv& op_;
    const ValueId input_;
    const std::string name_;
};

}  // namespace

OnnxConvInput export_conv_input(OnnxExportContext& context, const IntegerNode& node, const IntegerConv& op) {
    return ConvInputExport(context, node, op).run();
}

OnnxConvInput export_flat_input(OnnxExportContext& context, const IntegerNode& node, const IntegerConv& op) {
    const ValueId input = node.inputs[0];
    const std::string name = context.name_of(node);
    const OnnxExportGraph::Attributes axis = {onnx_attribute("axis", int64_t{1})};
    std::string flat;
    if (context.style == OnnxStyle::kQdqInteger) {
        // ONNX Runtime joins a Gemm with levels only where it reads them directly.
        flat = context.graph.add("Flatten", {context.levels(input)}, name + ".flat_levels", axis);
        flat = context.dequantize(flat, input, name + ".flat");
    } else {
        flat = context.graph.add("Flatten", {context.real(input)}, name + ".flat", axis);
    }
    return {flat, std::vector<int32_t>(op.padding_level.size(), context.zero_point(input)), Padding{}};
}

}  // namespace quantface
