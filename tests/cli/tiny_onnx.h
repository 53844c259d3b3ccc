// A face network of a few thousand numbers as ONNX bytes, for tests of the program.
#pragma once

#include <string>

namespace quantface::test {

// Input "data" (1, 3, 112, 112); Conv 3x3 stride 4 to 8 channels, PRelu, depthwise Conv 3x3 stride 2, PRelu,
// global average pooling, Flatten, Gemm to an embedding of 16. Weights are seeded; two seeds give two
// networks.
std::string tiny_onnx(unsigned seed = 1);

}  // namespace quantface::test
