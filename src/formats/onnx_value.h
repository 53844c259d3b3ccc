// What a name in an ONNX graph stands for while the file is read.
#pragma once

#include <variant>
#include <vector>

#include "formats/onnx_constant.h"
#include "graph/graph.h"

namespace quantface {

// Numbers that depend on the image. `dims` are the ONNX dimensions without the batch, which is always first:
// {channels, height, width} or {features} of the graph's value, or, after a reshape that the graph cannot
// express, any other dimensions of the same row-major numbers.
struct OnnxImageValue {
    ValueId id = kNoValue;
    std::vector<int64_t> dims;
};

// A length that belongs to an L2 normalisation: held until the division or product that completes it.
struct OnnxNormValue {
    enum class Kind { kSquared, kNorm, kReciprocal };
    ValueId of = kNoValue;  // the vector whose length it is
    Kind kind = Kind::kNorm;
};

using OnnxValue = std::variant<OnnxConstantPtr, OnnxImageValue, OnnxNormValue>;

}  // namespace quantface
