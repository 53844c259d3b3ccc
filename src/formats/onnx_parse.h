// From bytes to the protobuf message of an ONNX file.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <span>
#include <string>

namespace quantface {

// Throws Error(kBadInput) where the bytes are no ONNX model, or hold so many messages that reading them would
// take far more memory than the file's size. protobuf's own messages to stderr are suppressed.
onnx::ModelProto parse_onnx(std::span<const uint8_t> bytes, const std::string& file_name);

}  // namespace quantface
