// quantface merge: parts of embeddings that several machines made, brought together.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/text_table.h"
#include "eval/embedding_store.h"

namespace quantface {

namespace {

namespace fs = std::filesystem;

struct MergeOptions {
    std::vector<std::string> inputs;
    std::string cache;
    JsonOptions json;
};

// Files of embeddings by their key; of a folder those that lie in it.
std::map<std::string, std::vector<fs::path>> files_by_key(const std::vector<std::string>& inputs) {
    std::vector<fs::path> files;
    for (const std::string& input : inputs) {
        std::error_code ignored;
        if (!fs::is_directory(input, ignored)) {
            files.push_back(input);
            continue;
        }
        for (const auto& entry : fs::directory_iterator(input)) {
            if (entry.path().extension() == ".qfe") files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    std::map<std::string, std::vector<fs::path>> groups;
    for (const fs::path& file : files) {
        const auto key = read_embedding_set_key(file);
        if (!key) fail_bad_input(file.string() + ": holds no embeddings of `quantface eval --cache`");
        groups[key->hash].push_back(file);
    }
    if (groups.empty()) fail_bad_input("no .qfe file among the parts given");
    return groups;
}

void run_merge(const MergeOptions& options) {
    Json sets = Json::array();
    TextTable table({"embeddings", "files", "images", "of", "<state"});
    int64_t incomplete = 0;
    for (const auto& [hash, files] : files_by_key(options.inputs)) {
        const MergedSet merged = merge_embedding_files(files, options.cache);
        const bool complete = merged.images == merged.key.images;
        incomplete += complete ? 0 : 1;
        sets.push_back({{"file", merged.file.string()},
                        {"parts", files.size()},
                        {"images", merged.images},
                        {"of", merged.key.images},
                        {"complete", complete}});
        table.add_row({hash.substr(0, 16), format_count(std::ssize(files)), format_count(merged.images),
                       format_count(merged.key.images), complete ? "complete" : "parts are missing"});
    }
    put_json(options.json, {{"folder", options.cache}, {"sets", sets}});
    if (!options.json.print) fmt::print("{}\n", table.render());
    if (incomplete > 0) {
        fail_work(fmt::format("{} of {} sets lack images; `quantface eval --cache {}` would embed those",
                              incomplete, sets.size(), options.cache));
    }
}

}  // namespace

void add_merge_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<MergeOptions>();
    CLI::App* command = program.add_subcommand("merge", "Bring together what `eval --shard` embedded");
    command->add_option("PART", options->inputs, "Files (.qfe) and folders of them")->required();
    command->add_option("--cache", options->cache, "The folder that `eval --cache` shall read")
        ->required()
        ->type_name("DIR");
    add_json_options(*command, options->json);
    command->callback([options, &action] { action = [options](Progress&) { run_merge(*options); }; });
}

}  // namespace quantface
