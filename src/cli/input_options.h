// What an .onnx leaves unsaid about its image, as the command line gives it.
#pragma once

#include <string>

#include "graph/input_spec.h"

namespace CLI {
class App;
}

namespace quantface {

struct InputOptions {
    std::string mean,
        std;  // "127.5", or "123.7,116.3,103.5" in the network's colour order; empty: the default
    bool bgr = false;
};

void add_input_options(CLI::App& command, InputOptions& options);

// `spec` with mean, std and colour order replaced by those given.
// Throws Error(kUsage) where they are not one or three finite numbers, or a std is not above zero.
InputSpec apply_input_options(const InputOptions& options, InputSpec spec);

}  // namespace quantface
