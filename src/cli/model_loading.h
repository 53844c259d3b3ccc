// MODEL on the command line: a full-precision .onnx or an integer .qfm, told apart by content.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "graph/graph.h"
#include "graph/integer_model.h"
#include "runtime/embedder.h"

namespace CLI {
class App;
}

namespace quantface {

// What an .onnx leaves unsaid about its image. A .qfm carries its own; there these options change nothing.
struct InputOptions {
    std::string mean, std;  // "127.5" or "123.7,116.3,103.5" in the network's colour order; empty: the default
    bool bgr = false;
};

void add_input_options(CLI::App& command, InputOptions& options);

struct LoadedModel {
    std::filesystem::path path;
    std::string name;  // the file's name without folders
    uint64_t file_bytes = 0;
    std::string sha256;
    std::variant<Graph, IntegerModel> network;

    const Graph* graph() const { return std::get_if<Graph>(&network); }
    const IntegerModel* integer_model() const { return std::get_if<IntegerModel>(&network); }
    const InputSpec& input_spec() const;
    int embedding_size() const;
};

// Throws Error(kBadInput) where the file is neither or is damaged, Error(kUsage) where an input option makes no sense.
LoadedModel load_model(const std::filesystem::path& path, const InputOptions& options);

std::unique_ptr<Embedder> make_embedder(const LoadedModel& model);

// "fp32", "w8a8", "w6a6 + 8-bit ends": the bits that most weights and most activations have, and what differs.
std::string describe_bits(const LoadedModel& model);

}  // namespace quantface
