// One integer operation as ONNX nodes, for each kind.
#pragma once

#include "formats/onnx_export_context.h"

namespace quantface {

void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerConv& op);
void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerAffine& op);
void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerAdd& op);
void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerMul& op);
void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerLut& op);
void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerMaxPool& op);
void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerAveragePool& op);
void export_operation(OnnxExportContext& context, const IntegerNode& node, const IntegerConcat& op);

// kernel_shape, strides, pads: what Conv and pooling have in common.
OnnxExportGraph::Attributes onnx_window(const Window& window);

}  // namespace quantface
