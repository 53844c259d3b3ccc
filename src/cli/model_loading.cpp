#include "cli/model_loading.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/error.h"
#include "base/mapped_file.h"
#include "cli/bits_description.h"
#include "cli/sha256.h"
#include "formats/onnx_import.h"

namespace quantface {

namespace {

// The key of any field of ONNX's ModelProto (fields 1 to 8, 14, 20, 25; varints and length-delimited): what
// the file may begin with. Text and other formats are told apart here, for a better word than the parser's.
bool may_be_onnx(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return false;
    const int field = bytes[0] >> 3, wire_type = bytes[0] & 7;
    return (wire_type == 0 || wire_type == 2) && ((field >= 1 && field <= 8) || field == 14);
}

}  // namespace

const InputSpec& LoadedModel::input_spec() const {
    return graph() ? graph()->input_spec : integer_model()->input_spec;
}

int LoadedModel::embedding_size() const {
    return graph() ? graph()->embedding_size() : integer_model()->embedding_size();
}

LoadedModel load_model(const std::filesystem::path& path, const InputOptions& options) {
    const OnnxImportOptions import_options = parse_input_options(options);
    const MappedFile file(path);
    const std::span<const uint8_t> bytes = file.bytes();
    LoadedModel model;
    model.path = path;
    model.name = path.filename().string();
    model.file_bytes = bytes.size();
    model.sha256 = sha256_hex(bytes);
    if (looks_like_qfm(bytes)) {
        model.network = decode_qfm(bytes, path.string());
        model.qfm_sizes = measure_qfm(bytes, path.string());
    } else if (may_be_onnx(bytes)) {
        // By its path: large tensors may lie in files beside it.
        OnnxImport imported = import_onnx(path, import_options);
        model.network = std::move(imported.graph);
        model.notes = std::move(imported.notes);
    } else {
        fail_bad_input(path.string() +
                       (bytes.empty() ? ": empty" : ": neither an ONNX network nor a .qfm model file"));
    }
    return model;
}

std::unique_ptr<Embedder> make_embedder(const LoadedModel& model) {
    return model.graph() ? make_embedder(*model.graph()) : make_embedder(*model.integer_model());
}

void print_notes(const LoadedModel& model) {
    for (const std::string& note : model.notes) fmt::print(stderr, "note: {}: {}\n", model.name, note);
}

std::string describe_input(const InputSpec& spec) {
    return fmt::format("{} x {} {} mean {},{},{} std {},{},{}", spec.height, spec.width,
                       spec.color_order == ColorOrder::kRgb ? "RGB" : "BGR", spec.mean[0], spec.mean[1],
                       spec.mean[2], spec.std[0], spec.std[1], spec.std[2]);
}

std::string describe_bits(const LoadedModel& model) {
    return model.graph() ? "fp32" : describe_bits(*model.integer_model());
}

}  // namespace quantface
