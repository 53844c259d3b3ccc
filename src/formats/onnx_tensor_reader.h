// Decodes the tensors of an ONNX file.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "formats/onnx_budget.h"
#include "formats/onnx_constant.h"

namespace quantface {

class OnnxTensorReader {
  public:
    // folder: where tensors in files of their own may lie; none refuses them. The budget outlives the reader.
    OnnxTensorReader(std::string file_name, std::optional<std::filesystem::path> folder, OnnxBudget& budget)
        : file_name_(std::move(file_name)), folder_(std::move(folder)), budget_(budget) {}

    // float, double, float16, bool and integers up to 64 bits, from the raw or the typed field or from a file
    // beside the model. Throws Error(kBadInput) for any other type, impossible dimensions, or data that do
    // not match them.
    OnnxConstant read(const onnx::TensorProto& tensor);

  private:
    [[noreturn]] void refuse(const onnx::TensorProto& tensor, const std::string& what) const;
    int64_t element_count(const onnx::TensorProto& tensor) const;
    std::vector<uint8_t> read_external(const onnx::TensorProto& tensor, int64_t bytes);
    std::filesystem::path external_path(const onnx::TensorProto& tensor, const std::string& location) const;

    std::string file_name_;
    std::optional<std::filesystem::path> folder_;
    OnnxBudget& budget_;
    std::set<std::filesystem::path> files_seen_;
};

}  // namespace quantface
