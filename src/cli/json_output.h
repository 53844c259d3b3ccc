// A command's result as one JSON document.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace CLI {
class App;
}

namespace quantface {

// Keys in the order in which they were set: documents read as they were written.
using Json = nlohmann::ordered_json;

struct JsonOptions {
    bool print = false;     // --json: the document is all that stdout gets
    std::string save_path;  // --save-json FILE, or empty
};

void add_json_options(CLI::App& command, JsonOptions& options);

// Prints and saves as asked. Numbers that JSON has no name for (NaN, infinity) become null.
void put_json(const JsonOptions& options, const Json& document);

}  // namespace quantface
