// Files that a recipe names: variables put in, paths as seen from the recipe's folder, and whether they are
// there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace quantface {

struct RecipeFile {
    std::string text;                          // as a command takes it, with absolute paths
    std::vector<std::filesystem::path> needs;  // files and folders that must be there
    std::string unset;                         // a variable without a value: nothing else is known then

    // "FILE is not there", "$NAME is not set"; nothing where all is there.
    std::optional<std::string> why_missing() const;
};

// In all three "~" at the start of a path is the home folder, $NAME and ${NAME} are the environment's, with
// ${NAME:-TEXT} TEXT stands in where NAME is not set or empty, and $$ is a dollar. They throw
// Error(kBadInput) where a variable is not written so.

RecipeFile recipe_path(const std::string& text, const std::filesystem::path& folder);

// SOURCE, as `quantize --data` takes it. Throws Error(kBadInput) where it is none, too.
RecipeFile recipe_source(const std::string& text, const std::filesystem::path& folder);

// A benchmark, as `eval --bench` takes it: a file, a folder or LIST.txt:FOLDER.
RecipeFile recipe_benchmark(const std::string& text, const std::filesystem::path& folder);

}  // namespace quantface
