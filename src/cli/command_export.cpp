// quantface export: an integer network as standard ONNX.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "cli/bits_description.h"
#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/text_table.h"
#include "cli/version.h"
#include "formats/onnx_export.h"
#include "formats/qfm.h"

namespace quantface {

namespace {

struct ExportOptions {
    std::string model, out;
    std::string style = onnx_style_name(OnnxStyle::kQdq);
    JsonOptions json;
};

IntegerModel read_integer_model(const std::string& path) {
    const std::vector<uint8_t> bytes = read_file(path);
    if (!looks_like_qfm(bytes)) {
        fail_bad_input(path +
                       ": no .qfm model file; export writes an integer network, which `quantface quantize` "
                       "makes of an .onnx");
    }
    return decode_qfm(bytes, path);
}

void run_export(const ExportOptions& options) {
    std::error_code ignored;
    if (std::filesystem::equivalent(options.model, options.out, ignored)) {
        fail_usage("export: OUT.onnx is MODEL.qfm itself; give another file");
    }
    const IntegerModel model = read_integer_model(options.model);
    std::vector<uint8_t> bytes;
    try {
        bytes = encode_onnx(model, {*onnx_style_from_name(options.style), kProgramVersion});
    } catch (const Error& error) {
        throw Error(error.kind(), options.model + ": " + error.what());
    }
    write_file_atomically(options.out, bytes);
    const InputSpec& spec = model.input_spec;
    const char* color_order = spec.color_order == ColorOrder::kRgb ? "RGB" : "BGR";
    put_json(
        options.json,
        {{"file", options.out},
         {"style", options.style},
         {"bits", describe_bits(model)},
         {"file_bytes", bytes.size()},
         {"input",
          {{"name", "input"}, {"height", spec.height}, {"width", spec.width}, {"color_order", color_order}}},
         {"output", {{"name", "embedding"}, {"size", model.embedding_size()}}}});
    if (options.json.print) return;
    fmt::print("{}: {} of {}, {}; input N x 3 x {} x {} ({}, pixels 0..255), embedding N x {}\n", options.out,
               options.style, describe_bits(model), format_bytes(bytes.size()), spec.height, spec.width,
               color_order, model.embedding_size());
}

}  // namespace

void add_export_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<ExportOptions>();
    CLI::App* command = program.add_subcommand("export", "An integer network as standard ONNX");
    command->add_option("MODEL", options->model, "A .qfm")->required();
    command->add_option("-o,--out", options->out, "The network as ONNX")->required()->type_name("OUT.onnx");
    std::vector<std::string> styles;
    for (const OnnxStyleName& row : kOnnxStyles) styles.push_back(row.name);
    command
        ->add_option(
            "--style", options->style,
            "qdq: levels as the integer network has them; qdq-integer: also between a convolution and what "
            "follows it, so that ONNX Runtime computes on integers; float: float32 alone")
        ->check(CLI::IsMember(styles))
        ->capture_default_str();
    add_json_options(*command, options->json);
    command->callback([options, &action] { action = [options](Progress&) { run_export(*options); }; });
}

}  // namespace quantface
