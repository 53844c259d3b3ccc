// What integer operations have in common, as ONNX nodes: activation, residual, outputs.
#pragma once

#include <string>

#include "formats/onnx_export_context.h"

namespace quantface {

// `number`: the operation's r in real numbers (r * context.unit(epilogue)), 4 dimensions. Defines the
// outputs' values.
void export_epilogue(OnnxExportContext& context, const IntegerNode& node, const Epilogue& epilogue,
                     const std::string& number);

// a * factor_a + b * factor_b, by Add or Sub alone where the factors are 1 and -1.
std::string export_sum(OnnxExportContext& context, const std::string& a, double factor_a,
                       const std::string& b, double factor_b, const std::string& name);

}  // namespace quantface
