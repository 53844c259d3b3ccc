#include "train/guided_recipe.h"

#include "train/named_numbers.h"

namespace quantface {

namespace {

using R = GuidedRecipe;

const std::vector<NamedNumber<R>>& entries() {
    static const std::vector<NamedNumber<R>> kEntries = {
        named_number("steps", &R::steps, 0, 100000),
        named_number("batch", &R::batch, 2, 4096),
        named_number("crowd", &R::crowd, 0, 65536),
        named_number("bfloat16", &R::bfloat16, 0, 1),
        named_number("rate", &R::rate, 0, 10),
        named_number("reach", &R::reach, 0, 255),
        named_number("jitter", &R::jitter, 0, 16),
        named_number("flip", &R::flip, 0, 1),
        named_number("statistics", &R::statistics, 0, 1e6),
        named_number("folded", &R::folded, 0, 1e6),
        named_number("crowding", &R::crowding, 0, 1e6),
        named_number("sharpness", &R::sharpness, 0.01, 1000),
        named_number("direction", &R::direction, 0, 1e6),
        named_number("identity", &R::identity, 0, 1e6),
        named_number("margin", &R::margin, 0, 1),
        named_number("variation", &R::variation, 0, 1e6),
        named_number("colour", &R::colour, 0, 1e6),
        named_number("distance", &R::distance, 0, 1e6),
    };
    return kEntries;
}

}  // namespace

void set_guided_value(GuidedRecipe& recipe, std::string_view assignment) {
    set_named_number(entries(), "guided faces", recipe, assignment);
}

std::vector<std::pair<std::string, std::string>> guided_values(const GuidedRecipe& recipe) {
    return named_values(entries(), recipe);
}

}  // namespace quantface
