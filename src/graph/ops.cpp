#include "graph/ops.h"

#include "graph/op_visitor.h"

namespace quantface {

const char* op_name(const Op& op) {
    return std::visit(Overloaded{
                          [](const ConvOp&) { return "Conv"; },
                          [](const GemmOp&) { return "Gemm"; },
                          [](const BatchNormOp&) { return "BatchNorm"; },
                          [](const AffineOp&) { return "Affine"; },
                          [](const PReluOp&) { return "PRelu"; },
                          [](const ReluOp&) { return "Relu"; },
                          [](const LeakyReluOp&) { return "LeakyRelu"; },
                          [](const ClipOp&) { return "Clip"; },
                          [](const SigmoidOp&) { return "Sigmoid"; },
                          [](const HardSigmoidOp&) { return "HardSigmoid"; },
                          [](const HardSwishOp&) { return "HardSwish"; },
                          [](const AddOp&) { return "Add"; },
                          [](const SubOp&) { return "Sub"; },
                          [](const MulOp&) { return "Mul"; },
                          [](const FlattenOp&) { return "Flatten"; },
                          [](const GlobalAveragePoolOp&) { return "GlobalAveragePool"; },
                          [](const AveragePoolOp&) { return "AveragePool"; },
                          [](const MaxPoolOp&) { return "MaxPool"; },
                          [](const ConcatOp&) { return "Concat"; },
                          [](const IdentityOp&) { return "Identity"; },
                          [](const FakeQuantOp&) { return "FakeQuant"; },
                      },
                      op);
}

}  // namespace quantface
