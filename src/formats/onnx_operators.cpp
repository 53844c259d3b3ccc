#include "formats/onnx_operators.h"

#include <algorithm>
#include <iterator>

namespace quantface {

namespace {
constexpr OnnxOperator kOperators[] = {
    {"Add", import_add, fold_add},
    {"AveragePool", import_average_pool, nullptr},
    {"BatchNormalization", import_batch_normalization, nullptr},
    {"Cast", import_cast, fold_cast},
    {"Ceil", nullptr, fold_ceil},
    {"Clip", import_clip, nullptr},
    {"Concat", import_concat, fold_concat},
    {"Constant", nullptr, fold_constant},
    {"ConstantOfShape", nullptr, fold_constant_of_shape},
    {"Conv", import_conv, nullptr},
    {"Div", import_div, fold_div},
    {"Dropout", import_dropout, nullptr},
    {"Exp", nullptr, fold_exp},
    {"Expand", nullptr, fold_expand},
    {"Flatten", import_flatten, fold_flatten},
    {"Floor", nullptr, fold_floor},
    {"Gather", nullptr, fold_gather},
    {"Gemm", import_gemm, nullptr},
    {"GlobalAveragePool", import_global_average_pool, nullptr},
    {"HardSigmoid", import_hard_sigmoid, nullptr},
    {"HardSwish", import_hard_swish, nullptr},
    {"Identity", import_identity, fold_identity},
    {"LeakyRelu", import_leaky_relu, nullptr},
    {"LpNormalization", import_lp_normalization, nullptr},
    {"MatMul", import_matmul, nullptr},
    {"MaxPool", import_max_pool, nullptr},
    {"Mul", import_mul, fold_mul},
    {"Neg", import_neg, fold_neg},
    {"PRelu", import_prelu, nullptr},
    {"Pow", import_pow, fold_pow},
    {"Reciprocal", nullptr, fold_reciprocal},
    {"ReduceL2", import_reduce_l2, nullptr},
    {"ReduceMean", import_reduce_mean, nullptr},
    {"ReduceSum", import_reduce_sum, nullptr},
    {"ReduceSumSquare", import_reduce_sum_square, nullptr},
    {"Relu", import_relu, nullptr},
    {"Reshape", import_reshape, fold_reshape},
    {"Shape", import_shape, fold_shape},
    {"Sigmoid", import_sigmoid, nullptr},
    {"Slice", nullptr, fold_slice},
    {"Sqrt", nullptr, fold_sqrt},
    {"Squeeze", import_squeeze, fold_squeeze},
    {"Sub", import_sub, fold_sub},
    {"Sum", import_sum, nullptr},
    {"Transpose", import_transpose, fold_transpose},
    {"Unsqueeze", import_unsqueeze, fold_unsqueeze},
};
}  // namespace

std::span<const OnnxOperator> onnx_operators() {
    return kOperators;
}

const OnnxOperator* find_onnx_operator(std::string_view name) {
    const auto found = std::find_if(std::begin(kOperators), std::end(kOperators),
                                    [&](const OnnxOperator& row) { return row.name == name; });
    return found == std::end(kOperators) ? nullptr : found;
}

}  // namespace quantface
