// ONNX models whose image may have any size, made to take one size: for runtimes that want to know it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quantface {

struct FixedInputModel {
    std::vector<uint8_t> bytes;  // of the ONNX model
    int height = 0, width = 0;   // pixels that it takes
};

// The model with every open dimension of its image set: one image, and `side` where height or width is not
// fixed. What is fixed stays. Throws Error(kBadInput) naming the file where the bytes are no ONNX model with
// an image (batch, channels, height, width) as its only input.
FixedInputModel with_fixed_input(std::span<const uint8_t> onnx, const std::string& file_name, int side);

}  // namespace quantface
