// The operators that the importer knows: one row each in onnx_operators.cpp, one function each in the
// onnx_*.cpp file of its family.
//
// To add an operator of the graph: a function here, a row there, a case in its test.
#pragma once

#include <span>
#include <string_view>

#include "formats/onnx_node.h"

namespace quantface {

struct OnnxOperator {
    std::string_view name;
    // On values that depend on the image; null where it is supported on constants only.
    void (*import_images)(OnnxNode& node);
    // Where every input is a constant; null where that is not supported.
    void (*fold_constants)(OnnxNode& node);
};

std::span<const OnnxOperator> onnx_operators();
// Null where there is no such row. The operator's domain is ONNX's own.
const OnnxOperator* find_onnx_operator(std::string_view name);

// onnx_convolution.cpp
void import_conv(OnnxNode& node);
void import_gemm(OnnxNode& node);
void import_matmul(OnnxNode& node);
// onnx_pooling.cpp
void import_average_pool(OnnxNode& node);
void import_max_pool(OnnxNode& node);
void import_global_average_pool(OnnxNode& node);
void import_reduce_mean(OnnxNode& node);
// onnx_activations.cpp
void import_batch_normalization(OnnxNode& node);
void import_prelu(OnnxNode& node);
void import_relu(OnnxNode& node);
void import_leaky_relu(OnnxNode& node);
void import_clip(OnnxNode& node);
void import_sigmoid(OnnxNode& node);
void import_hard_sigmoid(OnnxNode& node);
void import_hard_swish(OnnxNode& node);
// onnx_arithmetic.cpp
void import_add(OnnxNode& node);
void import_sub(OnnxNode& node);
void import_mul(OnnxNode& node);
void import_div(OnnxNode& node);
void import_neg(OnnxNode& node);
void import_pow(OnnxNode& node);
void import_sum(OnnxNode& node);
// onnx_reshaping.cpp
void import_identity(OnnxNode& node);
void import_dropout(OnnxNode& node);
void import_cast(OnnxNode& node);
void import_flatten(OnnxNode& node);
void import_reshape(OnnxNode& node);
void import_squeeze(OnnxNode& node);
void import_unsqueeze(OnnxNode& node);
void import_transpose(OnnxNode& node);
void import_concat(OnnxNode& node);
void import_shape(OnnxNode& node);
// onnx_l2_normalization.cpp
void import_lp_normalization(OnnxNode& node);
void import_reduce_l2(OnnxNode& node);
void import_reduce_sum(OnnxNode& node);
void import_reduce_sum_square(OnnxNode& node);
// Any operator that reads an OnnxNormValue.
void import_norm_step(OnnxNode& node);
// onnx_folding_arithmetic.cpp
void fold_add(OnnxNode& node);
void fold_sub(OnnxNode& node);
void fold_mul(OnnxNode& node);
void fold_div(OnnxNode& node);
void fold_pow(OnnxNode& node);
void fold_sqrt(OnnxNode& node);
void fold_neg(OnnxNode& node);
void fold_exp(OnnxNode& node);
void fold_floor(OnnxNode& node);
void fold_ceil(OnnxNode& node);
void fold_reciprocal(OnnxNode& node);
void fold_cast(OnnxNode& node);
// onnx_folding_shapes.cpp
void fold_constant(OnnxNode& node);
void fold_constant_of_shape(OnnxNode& node);
void fold_identity(OnnxNode& node);
void fold_reshape(OnnxNode& node);
void fold_flatten(OnnxNode& node);
void fold_squeeze(OnnxNode& node);
void fold_unsqueeze(OnnxNode& node);
void fold_shape(OnnxNode& node);
// onnx_folding_selection.cpp
void fold_transpose(OnnxNode& node);
void fold_expand(OnnxNode& node);
void fold_concat(OnnxNode& node);
void fold_gather(OnnxNode& node);
void fold_slice(OnnxNode& node);

}  // namespace quantface
