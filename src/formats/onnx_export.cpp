#include "formats/onnx_export.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "formats/onnx_export_context.h"
#include "formats/onnx_export_operations.h"

namespace quantface {

namespace {

// Opset 13 is the first with scales by channel; IR 7 is of its release, ONNX 1.8.
constexpr int64_t kIrVersion = 7;
constexpr int64_t kOpset = 13;

void add_tensor(onnx::ValueInfoProto& info, const char* name, const std::vector<int64_t>& dims) {
    info.set_name(name);
    auto* type = info.mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    type->mutable_shape()->add_dim()->set_dim_param("N");
    for (const int64_t dim : dims) type->mutable_shape()->add_dim()->set_dim_value(dim);
}

void add_metadata(const IntegerModel& model, OnnxStyle style, onnx::ModelProto& proto) {
    const auto add = [&](const char* key, const std::string& value) {
        auto* entry = proto.add_metadata_props();
        entry->set_key(key);
        entry->set_value(value);
    };
    const InputSpec& spec = model.input_spec;
    add("quantface.style", onnx_style_name(style));
    add("quantface.record", model.record);
    add("quantface.teacher_sha256", model.teacher_sha256);
    add("color_order", spec.color_order == ColorOrder::kRgb ? "RGB" : "BGR");
    add("input_height", std::to_string(spec.height));
    add("input_width", std::to_string(spec.width));
    add("embedding_size", std::to_string(model.embedding_size()));
}

}  // namespace

std::optional<OnnxStyle> onnx_style_from_name(std::string_view name) {
    for (const OnnxStyleName& row : kOnnxStyles) {
        if (row.name == name) return row.style;
    }
    return std::nullopt;
}

const char* onnx_style_name(OnnxStyle style) {
    for (const OnnxStyleName& row : kOnnxStyles) {
        if (row.style == style) return row.name;
    }
    QF_CHECK(false);
    return "";
}

std::vector<uint8_t> encode_onnx(const IntegerModel& model, const OnnxExportOptions& options) {
    validate(model);
    onnx::ModelProto proto;
    proto.set_ir_version(kIrVersion);
    proto.set_producer_name("quantface");
    proto.set_producer_version(options.producer_version);
    proto.add_opset_import()->set_version(kOpset);
    add_metadata(model, options.style, proto);
    onnx::GraphProto& graph = *proto.mutable_graph();
    graph.set_name(model.name.empty() ? "network" : model.name);
    add_tensor(*graph.add_input(), "input", {3, model.input_spec.height, model.input_spec.width});
    add_tensor(*graph.add_output(), "embedding", {model.embedding_size()});
    OnnxExportContext context(model, options.style, graph);
    for (const IntegerNode& node : model.nodes) {
        const std::vector<ValueId> outputs = outputs_of(node);
        if (std::none_of(outputs.begin(), outputs.end(), [&](ValueId id) { return context.is_needed(id); }))
            continue;
        std::visit([&](const auto& op) { export_operation(context, node, op); }, node.op);
    }
    const size_t size = proto.ByteSizeLong();
    if (size > static_cast<size_t>(std::numeric_limits<int>::max())) {
        fail_work("the network takes more than 2 GiB as ONNX, which one file cannot hold");
    }
    std::vector<uint8_t> bytes(size);
    QF_CHECK(proto.SerializeToArray(bytes.data(), static_cast<int>(size)));
    return bytes;
}

}  // namespace quantface
