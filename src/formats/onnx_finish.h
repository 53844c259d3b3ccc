// What remains once every node of an ONNX file is read.
#pragma once

#include "formats/onnx_context.h"
#include "formats/onnx_import.h"

namespace quantface {

// Nodes that do not reach the output go, and values that no node touches; the rest is numbered anew.
void drop_dead_nodes(OnnxContext& context);

// Refuses L2 normalisation elsewhere than as the last step; notes that it was dropped there.
void check_normalizations(OnnxContext& context);

// Takes scale and shift that the network applies to its input by itself (positive scale, at most one such
// chain) out of the graph, and composes them with the options into input_spec.
void settle_input_spec(OnnxContext& context, const OnnxImportOptions& options);

}  // namespace quantface
