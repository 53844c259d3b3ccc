// ONNX Runtime's own library, which comes with the npm package: what it makes of a network before it runs it
// (the package's interface does not tell).
#pragma once

#include <filesystem>
#include <string>

namespace quantface {

// Writes `model` to `optimized` as ONNX Runtime runs it on a CPU, but for layouts of single CPUs (level
// "extended"). What stands in the way, or nothing. Throws Error(kFailed) where ONNX Runtime refuses the
// model.
std::string optimize_with_onnx_runtime(const std::filesystem::path& model,
                                       const std::filesystem::path& optimized);

}  // namespace quantface
