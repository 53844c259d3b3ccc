#include "cli/json_output.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/file.h"

namespace quantface {

void add_json_options(CLI::App& command, JsonOptions& options) {
    command.add_flag("--json", options.print, "Print one JSON document instead of tables");
    command.add_option("--save-json", options.save_path, "Write the same JSON document to this file")
        ->type_name("FILE");
}

void put_json(const JsonOptions& options, const Json& document) {
    if (!options.print && options.save_path.empty()) return;
    // `replace`: a layer's or file's name need not be valid UTF-8, and is no reason to fail.
    const std::string text = document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    if (!options.save_path.empty()) write_file_atomically(options.save_path, text);
    if (options.print) fmt::print("{}", text);
}

}  // namespace quantface
