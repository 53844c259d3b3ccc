#include "graph/integer_model.h"

#include "graph/op_visitor.h"
#include "numerics/bit_packing.h"

namespace quantface {

const char* op_name(const IntegerOp& op) {
    return std::visit(Overloaded{
                          [](const IntegerConv&) { return "Conv"; },
                          [](const IntegerAffine&) { return "Affine"; },
                          [](const IntegerAdd&) { return "Add"; },
                          [](const IntegerMul&) { return "Mul"; },
                          [](const IntegerLut&) { return "Lut"; },
                          [](const IntegerMaxPool&) { return "MaxPool"; },
                          [](const IntegerAveragePool&) { return "AveragePool"; },
                          [](const IntegerConcat&) { return "Concat"; },
                      },
                      op);
}

const Epilogue* epilogue_of(const IntegerNode& node) {
    return std::visit(
        [](const auto& op) -> const Epilogue* {
            if constexpr (requires { op.epilogue; }) {
                return &op.epilogue;
            } else {
                return nullptr;
            }
        },
        node.op);
}

std::vector<ValueId> outputs_of(const IntegerNode& node) {
    return std::visit(
        [](const auto& op) {
            std::vector<ValueId> outputs;
            if constexpr (requires { op.epilogue; }) {
                for (const IntegerOutput& output : op.epilogue.outputs) outputs.push_back(output.value);
            } else {
                outputs.push_back(op.output);
            }
            return outputs;
        },
        node.op);
}

uint64_t packed_weight_bytes(const IntegerModel& model) {
    uint64_t bytes = 0;
    for (const IntegerNode& node : model.nodes) {
        if (const auto* conv = std::get_if<IntegerConv>(&node.op)) {
            bytes += packed_size_bytes(conv->weight.size(), conv->weight_bits);
        }
    }
    return bytes;
}

int64_t multiply_accumulates(const IntegerModel& model, const IntegerNode& node) {
    const auto* conv = std::get_if<IntegerConv>(&node.op);
    if (!conv) return 0;
    const Shape& output = model.values[conv->epilogue.outputs[0].value].shape;
    return static_cast<int64_t>(conv->weight.size()) * output.plane();
}

}  // namespace quantface
