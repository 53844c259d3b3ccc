// Writes integer networks as ONNX files (https://onnx.ai; operator set 13, no operators of other domains), so
// that other programs can run them.
//
// All styles have the input "input", (N, 3, height, width) float32 pixels 0..255 in the model's colour order,
// and the output "embedding", (N, dimension) float32, not normalised. The model's record, colour order and
// teacher are in the file's metadata.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/integer_model.h"

namespace quantface {

enum class OnnxStyle {
    // Every value that has levels goes through QuantizeLinear and DequantizeLinear, as the integer network
    // has it; what
    // lies between (activation, residual, batch norm) is float32 and rounded as in the integer engine. Scales
    // are powers
    // of two and each convolution is followed by its multipliers, so that float32 holds every number exactly:
    // the levels
    // are the engine's, bit for bit, as long as accumulators stay below 2^24 (average pools may round
    // otherwise).
    kQdq,
    // As ONNX Runtime's static quantization lays networks out: a pair behind every convolution and every
    // addition, also
    // where the integer network has none, so that each runs as QLinearConv and QLinearAdd. The ranges of
    // those values
    // are guessed (onnx_export_ranges.h); narrow levels are bounded by Clip on uint8.
    kQdqInteger,
    // The numbers that the integer network's weights stand for, in plain float32; no value is quantized.
    kFloat,
};

struct OnnxStyleName {
    OnnxStyle style;
    const char* name;
};
constexpr OnnxStyleName kOnnxStyles[] = {
    {OnnxStyle::kQdq, "qdq"}, {OnnxStyle::kQdqInteger, "qdq-integer"}, {OnnxStyle::kFloat, "float"}};

std::optional<OnnxStyle> onnx_style_from_name(std::string_view name);
const char* onnx_style_name(OnnxStyle style);

struct OnnxExportOptions {
    OnnxStyle style = OnnxStyle::kQdq;
    std::string producer_version;
};

// The bytes of an .onnx; same model, same bytes. The model must pass validate(), whose error is thrown
// otherwise. Throws Error(kBadInput) that names the node where a real number does not fit float32,
// Error(kFailed) beyond 2 GiB.
std::vector<uint8_t> encode_onnx(const IntegerModel& model, const OnnxExportOptions& options);

}  // namespace quantface
