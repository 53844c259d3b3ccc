// A tensor of an ONNX file whose numbers are known while the file is read.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <variant>
#include <vector>

#include "base/error.h"

namespace quantface {

// Stands for the size of the batch in shapes that a network computes with (Shape, Gather, Concat, Reshape).
// No constant of a file has this value: reading replaces it by its neighbour.
constexpr int64_t kBatchSize = std::numeric_limits<int64_t>::min();

// Row-major. dims is empty for a scalar. Every floating type of ONNX is held as float32, every integer type
// and bool as int64.
struct OnnxConstant {
    std::vector<int64_t> dims;
    std::variant<std::vector<float>, std::vector<int64_t>> data;

    bool is_integer() const { return std::holds_alternative<std::vector<int64_t>>(data); }
    int64_t element_count() const {
        return std::visit([](const auto& numbers) { return static_cast<int64_t>(numbers.size()); }, data);
    }
    const std::vector<float>& floats() const {
        QF_CHECK(!is_integer());
        return std::get<0>(data);
    }
    const std::vector<int64_t>& integers() const {
        QF_CHECK(is_integer());
        return std::get<1>(data);
    }
};

using OnnxConstantPtr = std::shared_ptr<const OnnxConstant>;

}  // namespace quantface
