#include "train/recipe.h"

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "train/named_numbers.h"

namespace quantface {

namespace {

template <typename Number>
NamedNumber<Recipe> entry(const char* name, Number Recipe::*member, double least, double greatest) {
    return named_number(name, member, least, greatest);
}

const std::vector<NamedNumber<Recipe>>& entries() {
    static const std::vector<NamedNumber<Recipe>> kEntries = {
        entry("observed_quantizers", &Recipe::quantizer, 0, 1),
        entry("observe_steps", &Recipe::observe_steps, 0, 1e9),
        entry("batch", &Recipe::batch, 1, 65536),
        entry("sgd", &Recipe::optimizer, 0, 1),
        entry("schedule", &Recipe::schedule, 0, 2),
        entry("warmup", &Recipe::warmup, 0, 1),
        entry("final_rate", &Recipe::final_rate, 0, 1),
        entry("weight_rate", &Recipe::weight_rate, 0, 1000),
        entry("scale_rate", &Recipe::scale_rate, 0, 1000),
        entry("bias_rate", &Recipe::bias_rate, 0, 1000),
        entry("slope_rate", &Recipe::slope_rate, 0, 1000),
        entry("step_rate", &Recipe::step_rate, 0, 1000),
        entry("zero_point_rate", &Recipe::zero_point_rate, 0, 1000),
        entry("momentum", &Recipe::momentum, 0, 0.9999),
        entry("nesterov", &Recipe::nesterov, 0, 1),
        entry("beta1", &Recipe::beta1, 0, 0.9999),
        entry("beta2", &Recipe::beta2, 0, 0.99999),
        entry("weight_decay", &Recipe::weight_decay, 0, 1),
        entry("decay_all", &Recipe::decay_all, 0, 1),
        entry("clip_norm", &Recipe::clip_norm, 0, 1e9),
        entry("average", &Recipe::average, 0, 0.99999),
        entry("embedding_loss", &Recipe::embedding_loss, 0, 1e6),
        entry("squared_loss", &Recipe::squared_loss, 0, 1e6),
        entry("norm_loss", &Recipe::norm_loss, 0, 1e6),
        entry("feature_loss", &Recipe::feature_loss, 0, 1e6),
        entry("feature_final", &Recipe::feature_final, 0, 1),
        entry("block_part", &Recipe::block_part, 0, 1),
        entry("relation_loss", &Recipe::relation_loss, 0, 1e6),
        entry("flip", &Recipe::flip, 0, 1),
        entry("augment", &Recipe::augment, 0, 1),
    };
    return kEntries;
}

// Boutros, Damer, Kuijper, "QuantFace: Towards Lightweight Face Recognition by Synthetic Data Low-bit
// Quantization", ICPR 2022, and the settings published with it: 11 epochs of 528,227 images in batches of 512
// (four times 128), SGD with Nesterov's momentum, a learning rate of 0.1 for 512 images that the run never
// lowers, gradients clipped to norm 5.
Recipe paper_recipe() {
    Recipe recipe;
    recipe.name = "paper";
    constexpr int64_t kEpochs = 11;
    recipe.images = 528227;
    recipe.batch = 512;
    recipe.steps = kEpochs * (recipe.images / recipe.batch);
    recipe.quantizer = QuantizerKind::kObserved;
    recipe.observe_steps = 300;
    recipe.optimizer = OptimizerKind::kSgd;
    recipe.momentum = 0.9;
    recipe.nesterov = true;
    recipe.schedule = ScheduleKind::kConstant;
    recipe.warmup = 0;
    recipe.weight_rate = recipe.scale_rate = recipe.bias_rate = recipe.slope_rate = recipe.step_rate =
        recipe.zero_point_rate = 0.1;
    recipe.weight_decay = 5e-4;
    recipe.decay_all = true;
    recipe.clip_norm = 5;
    recipe.embedding_loss = 0;
    recipe.squared_loss = 1;
    recipe.flip = 0.5;
    return recipe;
}

}  // namespace

Recipe recipe_named(const std::string& name) {
    if (name == "default") return Recipe{};
    if (name == "paper") return paper_recipe();
    fail_usage("there is no recipe '" + name + "'");
}

void set_recipe_value(Recipe& recipe, std::string_view assignment) {
    set_named_number(entries(), "a recipe", recipe, assignment);
}

std::vector<std::pair<std::string, std::string>> recipe_values(const Recipe& recipe) {
    return named_values(entries(), recipe);
}

double rate_of(const Recipe& recipe, ParameterKind kind) {
    switch (kind) {
        case ParameterKind::kWeight:
            return recipe.weight_rate;
        case ParameterKind::kWeightScale:
            return recipe.scale_rate;
        case ParameterKind::kBias:
            return recipe.bias_rate;
        case ParameterKind::kSlope:
        case ParameterKind::kAffine:
            return recipe.slope_rate;
        case ParameterKind::kStep:
            return recipe.step_rate;
        case ParameterKind::kZeroPoint:
            return recipe.zero_point_rate;
        case ParameterKind::kRange:
            return 0;
    }
    return 0;
}

double schedule_factor(const Recipe& recipe, int64_t step, int64_t steps) {
    const double part = (static_cast<double>(step) + 0.5) / static_cast<double>(steps);
    if (part < recipe.warmup) return part / recipe.warmup;
    switch (recipe.schedule) {
        case ScheduleKind::kConstant:
            return 1;
        case ScheduleKind::kSteps: {
            // Divided by ten at 3/4 and at 7/8.
            return part < 0.75 ? 1.0 : part < 0.875 ? 0.1 : 0.01;
        }
        case ScheduleKind::kCosine:
            break;
    }
    const double rest = (part - recipe.warmup) / (1 - recipe.warmup);
    return recipe.final_rate + (1 - recipe.final_rate) * 0.5 * (1 + std::cos(std::numbers::pi * rest));
}

}  // namespace quantface
