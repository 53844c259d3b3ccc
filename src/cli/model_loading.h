// MODEL on the command line: a full-precision .onnx or an integer .qfm, told apart by content.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/input_options.h"
#include "formats/qfm.h"
#include "graph/graph.h"
#include "graph/integer_model.h"
#include "runtime/embedder.h"

namespace quantface {

struct LoadedModel {
    std::filesystem::path path;
    std::string name;  // the file's name without folders
    uint64_t file_bytes = 0;
    std::string sha256;
    std::variant<Graph, IntegerModel> network;
    std::optional<QfmSizes> qfm_sizes;  // of a .qfm
    std::vector<std::string> notes;     // what the import assumed or dropped, one line each

    const Graph* graph() const { return std::get_if<Graph>(&network); }
    const IntegerModel* integer_model() const { return std::get_if<IntegerModel>(&network); }
    const InputSpec& input_spec() const;
    int embedding_size() const;
};

// The options change an .onnx only; a .qfm carries its own input specification. Throws Error(kBadInput) where
// the file is neither or is damaged, Error(kUsage) where an option makes no sense.
LoadedModel load_model(const std::filesystem::path& path, const InputOptions& options);

// To stderr; called once the work is done, so that an error's line stands alone.
void print_notes(const LoadedModel& model);

std::unique_ptr<Embedder> make_embedder(const LoadedModel& model);

// Everything that the network expects of its image, in one line: the same text is the same input.
std::string describe_input(const InputSpec& spec);

// "fp32", or what describe_bits says of the integer model.
std::string describe_bits(const LoadedModel& model);

}  // namespace quantface
