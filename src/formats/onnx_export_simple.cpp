// Operations without weights.
#include <algorithm>

#include "formats/onnx_export_epilogue.h"
#include "formats/onnx_export_operations.h"
#include "formats/onnx_export_ranges.h"

namespace quantface {

namespace {

// Along channels; the batch is dimension 0.
constexpr int64_t kChannelAxis = 1;

}  // namespace

void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerAffine& op) {
    const double unit = context.unit(op.epilogue);
    const ValueId input = node.inputs[0];
    const std::string name = context.name_of(node);
    std::vector<float> scale, shift;
    for (size_t channel = 0; channel < op.multiplier.size(); ++channel) {
        scale.push_back(
            static_cast<float>(static_cast<double>(op.multiplier[channel]) * unit / context.step(input)));
        shift.push_back(static_cast<float>(static_cast<double>(op.shift[channel]) * unit));
    }
    const bool scales = !std::all_of(scale.begin(), scale.end(), [&](float factor) {
        return context.is_one(static_cast<double>(factor));
    });
    const bool shifts = !std::all_of(shift.begin(), shift.end(), [](float number) { return number == 0; });
    std::string number = context.real(input);
    if (context.style == OnnxStyle::kFloat && input == context.model.input) {
        // An image's own scale and offset, as they are known by: the importer takes them for what they are.
        number =
            context.graph.add("Mul", {number, context.per_channel(scale, name + ".scale")}, name + ".scaled");
        number = context.graph.add("Add", {number, context.per_channel(shift, name + ".shift")},
                                   name + ".shifted");
    } else if (scales || shifts) {
        number = context.scaled_and_shifted(number, scale, shift, name);
    }
    export_epilogue(context, node, op.epilogue, number);
}

void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerAdd& op) {
    const double unit = context.unit(op.epilogue);
    const ValueId a = node.inputs[0], b = node.inputs[1];
    const double factor_a = static_cast<double>(op.multiplier_a) * unit / context.step(a);
    const double factor_b = static_cast<double>(op.multiplier_b) * unit / context.step(b);
    const std::string sum = export_sum(context, context.real(a), factor_a, context.real(b), factor_b,
                                       context.name_of(node) + ".add");
    export_epilogue(context, node, op.epilogue, sum);
}

void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerMul& op) {
    const double unit = context.unit(op.epilogue);
    const ValueId a = node.inputs[0], b = node.inputs[1];
    const double factor = static_cast<double>(op.multiplier) * unit / (context.step(a) * context.step(b));
    const std::string name = context.name_of(node) + ".mul";
    const std::string product = context.graph.add("Mul", {context.real(a), context.real(b)}, name);
    export_epilogue(context, node, op.epilogue, context.scaled(product, factor, name));
}

void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerMaxPool& op) {
    const std::string name = context.name_of(node) + ".pool";
    context.define_exact(op.output, context.graph.add("MaxPool", {context.real(node.inputs[0])}, name,
                                                      onnx_window(op.window)));
}

void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerAveragePool& op) {
    const double unit = context.unit(op.epilogue);
    const ValueId input = node.inputs[0];
    const Shape& shape = context.value(input).shape;
    const bool global = op.window.kernel_height == shape.height && op.window.kernel_width == shape.width &&
                        !op.window.padding.any();
    const std::string name = context.name_of(node) + ".pool";
    std::string number = context.real(input);
    if (global) {
        number = context.graph.add("GlobalAveragePool", {number}, name);
    } else {
        OnnxExportGraph::Attributes attributes = onnx_window(op.window);
        attributes.push_back(onnx_attribute("count_include_pad", int64_t{op.count_include_padding}));
        number = context.graph.add("AveragePool", {number}, name, attributes);
    }
    const double factor = static_cast<double>(op.multiplier) * unit / context.step(input);
    export_epilogue(context, node, op.epilogue, context.scaled(number, factor, name));
}

void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerConcat& op) {
    const std::string name = context.name_of(node);
    std::vector<std::string> parts;
    for (size_t index = 0; index < node.inputs.size(); ++index) {
        const ValueId input = node.inputs[index];
        const double factor =
            static_cast<double>(op.multiplier[index]) * context.step(op.output) / context.step(input);
        parts.push_back(context.scaled(context.real(input), factor, name + ".part"));
    }
    context.define(op.output, context.graph.add("Concat", parts, name + ".concat",
                                                {onnx_attribute("axis", kChannelAxis)}));
}

}  // namespace quantface
