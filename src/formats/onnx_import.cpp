#include "formats/onnx_import.h"

#include <onnx/onnx_pb.h>

#include "base/error.h"
#include "base/file.h"
#include "formats/onnx_finish.h"
#include "formats/onnx_operators.h"
#include "formats/onnx_parse.h"
#include "formats/onnx_text.h"

namespace quantface {

namespace {

// Sides beyond this are no aligned face.
constexpr int64_t kMostPixels = 2048;
constexpr int kMostNodes = 1 << 14;

int64_t read_opset(const OnnxContext& context, const onnx::ModelProto& model) {
    for (const auto& import : model.opset_import()) {
        if (import.domain().empty() || import.domain() == "ai.onnx") return import.version();
    }
    context.refuse("does not say which ONNX operators it uses; the file is damaged");
}

// The one input that is no initializer, as a value of the graph.
void read_input(OnnxContext& context, const onnx::GraphProto& graph) {
    const onnx::ValueInfoProto* input = nullptr;
    std::string names;
    int count = 0;
    for (const auto& candidate : graph.input()) {
        if (context.is_initializer(candidate.name())) continue;
        input = &candidate;
        if (++count <= 12) names += (names.empty() ? "" : ", ") + printable(candidate.name());
    }
    if (count != 1) {
        context.refuse("the network has " + std::to_string(count) + " inputs (" + names +
                       "); one image is supported");
    }
    const auto& type = input->type().tensor_type();
    const int element = type.elem_type();
    if (element != onnx::TensorProto::FLOAT && element != onnx::TensorProto::FLOAT16 &&
        element != onnx::TensorProto::DOUBLE) {
        context.refuse("the network's input is not of floating-point numbers; export it so");
    }
    std::vector<int64_t> dims;
    std::string text;
    for (const auto& dim : type.shape().dim()) {
        dims.push_back(dim.has_dim_value() && dim.dim_value() > 0 ? dim.dim_value() : -1);
        if (dims.size() <= 6)
            text += (text.empty() ? "" : "x") + (dims.back() > 0 ? std::to_string(dims.back()) : "?");
    }
    if (dims.size() != 4 || (dims[0] > 1) || dims[1] != 3 || dims[2] < 1 || dims[3] < 1 ||
        dims[2] > kMostPixels || dims[3] > kMostPixels) {
        context.refuse("the network's input is " + (text.empty() ? "of unknown dimensions" : text) +
                       "; 1x3xHEIGHTxWIDTH with a known size is supported, export it so");
    }
    context.any_batch = dims[0] != 1;
    const Shape shape{3, static_cast<int>(dims[2]), static_cast<int>(dims[3])};
    context.set_input(printable(input->name()), shape);
    context.define(input->name(), OnnxImageValue{context.graph.input, {dims.begin() + 1, dims.end()}});
}

void check_outputs(OnnxContext& context, const onnx::GraphProto& graph) {
    if (graph.output_size() == 1) return;
    std::string names;
    for (int index = 0; index < std::min(graph.output_size(), 12); ++index) {
        names += (index > 0 ? ", " : "") + printable(graph.output(index).name());
    }
    context.refuse("the network has " + std::to_string(graph.output_size()) + " outputs (" + names +
                   "); one embedding is supported, this is another kind of network");
}

void import_node(OnnxContext& context, const onnx::NodeProto& proto) {
    OnnxNode node(context, proto);
    const bool own_domain = proto.domain().empty() || proto.domain() == "ai.onnx";
    const OnnxOperator* row = own_domain ? find_onnx_operator(proto.op_type()) : nullptr;
    bool reads_norm = false;
    for (int index = 0; index < node.input_count(); ++index) {
        reads_norm =
            reads_norm || (node.has_input(index) && std::holds_alternative<OnnxNormValue>(node.input(index)));
    }
    if (own_domain && reads_norm) return import_norm_step(node);
    if (row == nullptr) {
        const std::string op = (own_domain ? "" : proto.domain() + ".") + proto.op_type();
        context.refuse("operator '" + printable(op) + "' of node '" + node.name() +
                       "' is not supported; export the network for inference, without parts that are not "
                       "needed for the embedding");
    }
    if (row->fold_constants != nullptr && node.all_inputs_constant()) {
        row->fold_constants(node);
    } else if (row->import_images != nullptr) {
        row->import_images(node);
    } else {
        node.refuse("is supported on constants only");
    }
    node.check_attributes();
}

void read_output(OnnxContext& context, const std::string& name) {
    const OnnxValue* value = context.find(name);
    const auto* image = value ? std::get_if<OnnxImageValue>(value) : nullptr;
    if (image == nullptr) {
        context.refuse("nothing computes the output '" + printable(name) + "' from the image");
    }
    const Shape shape = context.graph.values[image->id].shape;
    if (shape.plane() != 1 || image->dims.empty() || image->dims[0] != shape.channels) {
        context.refuse("the network's output is " + to_string(shape) +
                       " per image, not one embedding; this is another kind of network");
    }
    context.graph.output = image->id;
}

OnnxImport import_model(const onnx::ModelProto& model, const std::string& file_name, OnnxTensorReader& reader,
                        OnnxBudget& budget, const OnnxImportOptions& options) {
    OnnxContext context(file_name, reader, budget);
    context.opset = read_opset(context, model);
    const onnx::GraphProto& graph = model.graph();
    context.graph.name = printable(std::filesystem::path(file_name).stem().string());
    for (const auto& tensor : graph.initializer()) context.add_initializer(tensor);
    check_outputs(context, graph);
    read_input(context, graph);
    if (graph.node_size() > kMostNodes) context.refuse("the network has more nodes than any face network");
    for (const auto& node : graph.node()) import_node(context, node);
    read_output(context, graph.output(0).name());
    drop_dead_nodes(context);
    check_normalizations(context);
    settle_input_spec(context, options);
    drop_dead_nodes(context);  // numbers the values anew after the input's own arithmetic has gone
    try {
        validate(context.graph);
    } catch (const Error& error) {
        context.refuse(error.what());
    }
    return {std::move(context.graph), std::move(context.notes)};
}

}  // namespace

OnnxImport import_onnx(const std::filesystem::path& path, const OnnxImportOptions& options) {
    const std::string file_name = path.string();
    std::vector<uint8_t> bytes = read_file(path);
    OnnxBudget budget(file_name, bytes.size());
    const onnx::ModelProto model = parse_onnx(bytes, file_name);
    bytes = {};  // the message holds its own copy
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    OnnxTensorReader reader(file_name, folder, budget);
    return import_model(model, file_name, reader, budget, options);
}

OnnxImport import_onnx(std::span<const uint8_t> bytes, const std::string& file_name,
                       const OnnxImportOptions& options) {
    OnnxBudget budget(file_name, bytes.size());
    const onnx::ModelProto model = parse_onnx(bytes, file_name);
    OnnxTensorReader reader(file_name, std::nullopt, budget);
    return import_model(model, file_name, reader, budget, options);
}

}  // namespace quantface
