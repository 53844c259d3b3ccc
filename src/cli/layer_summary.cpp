#include "cli/layer_summary.h"

#include "runtime/integer_executor.h"

namespace quantface {

namespace {

int64_t epilogue_parameters(const Epilogue* epilogue) {
    if (epilogue == nullptr) return 0;
    size_t count = epilogue->slope.size();
    for (const IntegerOutput& output : epilogue->outputs) count += output.scale.size() + output.shift.size();
    return static_cast<int64_t>(count);
}

int64_t parameters_of(const IntegerNode& node) {
    int64_t count = epilogue_parameters(epilogue_of(node));
    if (const auto* conv = std::get_if<IntegerConv>(&node.op)) {
        count += static_cast<int64_t>(conv->weight.size() + conv->weight_zero_point.size() +
                                      conv->bias.size() + conv->multiplier.size());
    } else if (const auto* affine = std::get_if<IntegerAffine>(&node.op)) {
        count += static_cast<int64_t>(affine->multiplier.size() + affine->shift.size());
    }
    return count;
}

ModelSummary summarize_graph(const Graph& graph) {
    ModelSummary summary;
    for (const Node& node : graph.nodes) {
        const int64_t parameters = parameter_count(node);
        summary.layers.push_back({node.name, op_name(node.op), graph.values[node.output].shape,
                                  parameters > 0 ? kFloatBits : 0, kFloatBits, parameters,
                                  multiply_accumulates(graph, node), false});
    }
    summary.parameters = parameter_count(graph);
    summary.macs = multiply_accumulates(graph);
    summary.weight_bytes = static_cast<uint64_t>(summary.parameters) * sizeof(float);
    summary.memory_weight_bytes = summary.weight_bytes;
    return summary;
}

ModelSummary summarize_integer(const IntegerModel& model) {
    ModelSummary summary;
    for (const IntegerNode& node : model.nodes) {
        const IntegerValue& value = model.values[outputs_of(node).front()];
        const auto* conv = std::get_if<IntegerConv>(&node.op);
        const LayerSummary layer{node.name,
                                 op_name(node.op),
                                 value.shape,
                                 conv != nullptr ? conv->weight_bits : 0,
                                 value.is_float ? kFloatBits : value.quant.bits,
                                 parameters_of(node),
                                 multiply_accumulates(model, node),
                                 conv != nullptr && conv->has_asymmetric_weights()};
        summary.parameters += layer.parameters;
        summary.macs += layer.macs;
        summary.layers.push_back(layer);
    }
    summary.weight_bytes = packed_weight_bytes(model);
    const IntegerExecutor executor(model);
    summary.memory_weight_bytes = executor.weight_bytes();
    summary.memory_activation_bytes = executor.workspace_bytes();
    return summary;
}

}  // namespace

ModelSummary summarize(const LoadedModel& model) {
    return model.graph() ? summarize_graph(*model.graph()) : summarize_integer(*model.integer_model());
}

}  // namespace quantface
