// Reads full-precision face networks from ONNX files (https://onnx.ai; IR as of ONNX 1.12, any operator set).
//
// What is supported is one row an operator in onnx_operators.cpp. Arithmetic on constants (shapes, slopes,
// folded weights) is computed while reading; anything else is refused by name.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace quantface {

// What an ONNX file leaves unsaid about the image. Numbers are in the network's colour order, pixels 0..255.
struct OnnxImportOptions {
    std::optional<std::array<float, 3>> input_mean, input_std;
    bool bgr = false;  // the network wants blue first
};

struct OnnxImport {
    Graph graph;                     // passed validate()
    std::vector<std::string> notes;  // one line each for the user: what was assumed, what was dropped
};

// The file must hold one input (1 or any, 3, height, width) of float numbers and one output.
//
// Offset and scale that the network applies to its input by itself are taken out of it into input_spec; the
// options' mean and std come before them. Without either, input_spec is 127.5 and 127.5, and a note says so.
// L2 normalisation as the last step is dropped with a note: embeddings are compared by their cosine.
//
// Throws Error(kBadInput), one line "FILE: what, what to do", where the file is missing, damaged, hostile,
// too large or holds what is not supported. Tensors in files of their own must lie in the model's folder.
OnnxImport import_onnx(const std::filesystem::path& path, const OnnxImportOptions& options);

// The same from memory; `file_name` stands in messages. Tensors in files of their own are refused.
OnnxImport import_onnx(std::span<const uint8_t> bytes, const std::string& file_name,
                       const OnnxImportOptions& options);

}  // namespace quantface
