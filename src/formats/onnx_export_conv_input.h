// What an exported convolution reads. ONNX pads with zeros, the integer network with levels of its own for
// each channel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/onnx_export_context.h"

namespace quantface {

struct OnnxConvInput {
    std::string number;         // float32 tensor
    std::vector<int32_t> zero;  // for each channel: the level that counts as 0 in it
    Padding padding;            // what is left for the convolution to lay around it, as zeros
};

OnnxConvInput export_conv_input(OnnxExportContext& context, const IntegerNode& node, const IntegerConv& op);

// The same as one vector, for a Gemm: there is no padding.
OnnxConvInput export_flat_input(OnnxExportContext& context, const IntegerNode& node, const IntegerConv& op);

}  // namespace quantface
