// One small network for each thing that the importer supports, shared by its own tests and by the comparison
// with ONNX Runtime.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "onnx_builder.h"

namespace quantface::test {

struct OnnxCase {
    std::string name;
    std::function<OnnxBuilder()> build;
    // The imported graph's operations in order, with blanks between.
    std::string expected_ops;
    // ONNX Runtime refuses or reads differently what files of old exporters hold.
    bool peer_agrees = true;
};

const std::vector<OnnxCase>& onnx_cases();

}  // namespace quantface::test
