// quantface inspect: what a network consists of and what it costs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/layer_summary.h"
#include "cli/model_loading.h"
#include "cli/text_table.h"

namespace quantface {

namespace {

struct InspectOptions {
    std::string model;
    InputOptions input;
    JsonOptions json;
};

const char* color_order_name(ColorOrder order) {
    return order == ColorOrder::kRgb ? "RGB" : "BGR";
}

Json input_json(const InputSpec& spec) {
    return {{"height", spec.height},
            {"width", spec.width},
            {"color_order", color_order_name(spec.color_order)},
            {"mean", spec.mean},
            {"std", spec.std}};
}

// The record is JSON by its format, but comes from a file: text that is no JSON is shown as text.
Json parse_record(const std::string& record) {
    if (record.empty()) return nullptr;
    Json parsed = Json::parse(record, nullptr, false);
    return parsed.is_discarded() ? Json(record) : parsed;
}

Json to_json(const LoadedModel& model, const ModelSummary& summary) {
    Json layers = Json::array();
    for (const LayerSummary& layer : summary.layers) {
        Json row = {{"name", layer.name},
                    {"op", layer.op},
                    {"output_shape", {layer.shape.channels, layer.shape.height, layer.shape.width}},
                    {"parameters", layer.parameters},
                    {"macs", layer.macs}};
        if (layer.weight_bits > 0) row["weight_bits"] = layer.weight_bits;
        if (layer.weight_bits > 0) row["asymmetric_weights"] = layer.asymmetric_weights;
        if (layer.output_bits > 0) row["output_bits"] = layer.output_bits;
        layers.push_back(row);
    }
    Json document = {{"model", model.name},
                     {"kind", model.graph() ? "full precision" : "integer"},
                     {"bits", describe_bits(model)},
                     {"sha256", model.sha256},
                     {"input", input_json(model.input_spec())},
                     {"embedding_size", model.embedding_size()},
                     {"parameters", summary.parameters},
                     {"macs", summary.macs},
                     {"file_bytes", model.file_bytes},
                     {"weight_bytes", summary.weight_bytes},
                     {"memory_weight_bytes", summary.memory_weight_bytes},
                     {"memory_activation_bytes", summary.memory_activation_bytes}};
    if (const auto& sizes = model.qfm_sizes) {
        document["sections"] = {{"version", sizes->version},     {"header", sizes->header},
                                {"structure", sizes->structure}, {"parameters", sizes->parameters},
                                {"record", sizes->record},       {"other", sizes->other}};
    }
    if (const IntegerModel* integer = model.integer_model()) {
        document["teacher_sha256"] = integer->teacher_sha256;
        document["record"] = parse_record(integer->record);
    }
    document["notes"] = model.notes;
    document["layers"] = layers;
    return document;
}

std::string bits_text(int bits) {
    return bits == 0 ? "" : bits == kFloatBits ? "f32" : std::to_string(bits);
}

void print_tables(const LoadedModel& model, const ModelSummary& summary) {
    TextTable table({"layer", "<op", "output", "w bits", "out bits", "parameters", "MACs"});
    for (const LayerSummary& layer : summary.layers) {
        const std::string weights = bits_text(layer.weight_bits) + (layer.asymmetric_weights ? " asym" : "");
        table.add_row({layer.name, layer.op, to_string(layer.shape), weights, bits_text(layer.output_bits),
                       layer.parameters ? format_count(layer.parameters) : "",
                       layer.macs ? format_count(layer.macs) : ""});
    }
    fmt::print("{}\n", table.render());

    const InputSpec& spec = model.input_spec();
    fmt::print("network     {} ({})\n", model.name, describe_bits(model));
    fmt::print("input       {} high x {} wide, {}, (pixel - ({:g}, {:g}, {:g})) / ({:g}, {:g}, {:g})\n",
               spec.height, spec.width, color_order_name(spec.color_order), spec.mean[0], spec.mean[1],
               spec.mean[2], spec.std[0], spec.std[1], spec.std[2]);
    fmt::print("embedding   {} numbers\n", model.embedding_size());
    fmt::print("layers      {}, {} parameters, {} MACs an image\n", summary.layers.size(),
               format_count(summary.parameters), format_count(summary.macs));
    fmt::print("on disk     {}, of which weights {}\n", format_bytes(model.file_bytes),
               format_bytes(summary.weight_bytes));
    if (const auto& sizes = model.qfm_sizes) {
        fmt::print("sections    header {}, structure {}, parameters {}, record {} (format {})\n",
                   format_bytes(sizes->header), format_bytes(sizes->structure),
                   format_bytes(sizes->parameters), format_bytes(sizes->record + sizes->other),
                   sizes->version);
    }
    fmt::print("in memory   {} of weights", format_bytes(summary.memory_weight_bytes));
    if (summary.memory_activation_bytes > 0) {
        fmt::print(", {} of activations a thread", format_bytes(summary.memory_activation_bytes));
    }
    fmt::print("\nSHA-256     {}\n", model.sha256);
    if (const IntegerModel* integer = model.integer_model()) {
        if (!integer->teacher_sha256.empty()) fmt::print("teacher     {}\n", integer->teacher_sha256);
        const Json record = parse_record(integer->record);
        if (!record.is_null())
            fmt::print("record      {}\n", record.dump(-1, ' ', true, Json::error_handler_t::replace));
    }
}

void run_inspect(const InspectOptions& options) {
    const LoadedModel model = load_model(options.model, options.input);
    const ModelSummary summary = summarize(model);
    put_json(options.json, to_json(model, summary));
    if (!options.json.print) print_tables(model, summary);
    print_notes(model);
}

}  // namespace

void add_inspect_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<InspectOptions>();
    CLI::App* command =
        program.add_subcommand("inspect", "Layers, bits, parameters, MACs, size on disk and in memory");
    command->add_option("MODEL", options->model, "An .onnx or a .qfm")->required();
    add_input_options(*command, options->input);
    add_json_options(*command, options->json);
    command->callback([options, &action] { action = [options](Progress&) { run_inspect(*options); }; });
}

}  // namespace quantface
