// What an .onnx leaves unsaid about its image, as the command line gives it.
#pragma once

#include <optional>
#include <string>

#include "formats/onnx_import.h"

namespace CLI {
class App;
}

namespace quantface {

struct InputOptions {
    // "127.5", or "123.7,116.3,103.5" in the network's colour order; nothing: what the network itself says,
    // else 127.5.
    std::optional<std::string> mean, std;
    bool bgr = false;
};

void add_input_options(CLI::App& command, InputOptions& options);

// Throws Error(kUsage) where mean and std are not one or three finite numbers each, or a std is not above
// zero.
OnnxImportOptions parse_input_options(const InputOptions& options);

// MODEL as `eval` takes it: PATH, or PATH?mean=A[,B,C]&std=A[,B,C]&bgr, which says of this network alone what
// the options say of all. What exists as a path is that path.
struct ModelArgument {
    std::string path;
    InputOptions input;
};
// Throws Error(kUsage) where what follows the question mark is not of that form.
ModelArgument parse_model_argument(const std::string& text, const InputOptions& defaults);

}  // namespace quantface
