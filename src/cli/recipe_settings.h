// How a student is made, as a recipe's [quantize] and [[student]] tables say it: which keys there are, and
// the options of `quantize` that they become.
#pragma once

#include <string>
#include <vector>

#include "cli/recipe_reader.h"

namespace quantface {

struct RecipeSetting {
    std::string key;
    RecipePlace place;
    std::vector<std::string> arguments;  // of `quantize`; none where the key says what is so anyway
    bool of_training = false;            // means nothing with --ptq
};

// The settings in the table, in the order of their keys in docs/recipes.md. Throws as RecipeReader does.
std::vector<RecipeSetting> read_settings(RecipeReader& reader);

// Arguments of `quantize` for a student with settings of its own over those of all. With ptq = true the
// training's are left out; fails where the same table has both, or a student's own are of training while
// [quantize] says ptq = true.
std::vector<std::string> setting_arguments(const std::vector<RecipeSetting>& all,
                                           const std::vector<RecipeSetting>& own);

}  // namespace quantface
