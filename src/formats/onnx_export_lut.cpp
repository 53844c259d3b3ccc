// Tables of levels: Gather, for want of an operator made for them.
#include "formats/onnx_export_operations.h"

namespace quantface {

namespace {

// The input's level as int32, without QuantizeLinear: what is nearest to the number, within the levels.
std::string level_of_number(OnnxExportContext& context, ValueId input, const std::string& name) {
    OnnxExportGraph& graph = context.graph;
    const QuantParams& params = context.quant(input);
    const auto constant = [&](const char* what, double number) {
        return graph.floats(name + what, {}, {static_cast<float>(number)});
    };
    std::string number =
        graph.add("Div", {context.real(input), constant(".scale", static_cast<double>(params.scale))},
                  name + ".scaled");
    number = graph.add("Round", {number}, name + ".rounded");
    number = graph.add("Add", {number, constant(".zero_point", params.zero_point)}, name + ".shifted");
    number = graph.add("Clip", {number, constant(".least", 0), constant(".greatest", params.max_level())},
                       name + ".bounded");
    return graph.add("Cast", {number}, name + ".index",
                     {onnx_attribute("to", int64_t{onnx::TensorProto::INT32})});
}

}  // namespace

void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerLut& op) {
    OnnxExportGraph& graph = context.graph;
    const std::string name = context.name_of(node);
    const ValueId input = node.inputs[0];
    const auto size = static_cast<int64_t>(op.table.size());
    if (context.has_levels()) {
        const std::string index = graph.add("Cast", {context.levels(input)}, name + ".index",
                                            {onnx_attribute("to", int64_t{onnx::TensorProto::INT32})});
        const std::string table = graph.uint8s(name + ".table", {size}, op.table);
        context.define_levels(op.output, graph.add("Gather", {table, index}, name + ".levels"));
        return;
    }
    std::vector<float> numbers;
    for (const uint8_t level : op.table) numbers.push_back(dequantize(level, context.quant(op.output)));
    const std::string table = graph.floats(name + ".table", {size}, numbers);
    const std::string index = level_of_number(context, input, name);
    context.define_exact(op.output, graph.add("Gather", {table, index}, name + ".looked_up"));
}

}  // namespace quantface
