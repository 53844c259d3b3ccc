#include "formats/onnx_fixed_input.h"

#include <limits>
#include <set>

#include "base/error.h"
#include "formats/onnx_parse.h"

namespace quantface {

namespace {

// The input that is no weight: files of old exporters list those among the inputs, too.
onnx::ValueInfoProto& image_input(onnx::GraphProto& graph, const std::string& file_name) {
    std::set<std::string> weights;
    for (const auto& weight : graph.initializer()) weights.insert(weight.name());
    onnx::ValueInfoProto* image = nullptr;
    for (auto& input : *graph.mutable_input()) {
        if (weights.contains(input.name())) continue;
        if (image != nullptr) fail_bad_input(file_name + ": has more than one input");
        image = &input;
    }
    if (image == nullptr || image->type().tensor_type().shape().dim_size() != 4) {
        fail_bad_input(file_name + ": takes no image (batch, channels, height, width)");
    }
    return *image;
}

int fixed(onnx::TensorShapeProto::Dimension& dimension, int value) {
    if (dimension.dim_value() <= 0) dimension.set_dim_value(value);
    return dimension.dim_value() <= std::numeric_limits<int>::max() ? static_cast<int>(dimension.dim_value())
                                                                    : std::numeric_limits<int>::max();
}

}  // namespace

FixedInputModel with_fixed_input(std::span<const uint8_t> onnx, const std::string& file_name, int side) {
    onnx::ModelProto model = parse_onnx(onnx, file_name);
    auto& shape = *image_input(*model.mutable_graph(), file_name)
                       .mutable_type()
                       ->mutable_tensor_type()
                       ->mutable_shape();
    if (fixed(*shape.mutable_dim(0), 1) != 1 || fixed(*shape.mutable_dim(1), 3) != 3) {
        fail_bad_input(file_name + ": takes no single image of three channels");
    }
    FixedInputModel result;
    result.height = fixed(*shape.mutable_dim(2), side);
    result.width = fixed(*shape.mutable_dim(3), side);
    const std::string text = model.SerializeAsString();
    result.bytes.assign(text.begin(), text.end());
    return result;
}

}  // namespace quantface
