// quantface run: a whole study, described by a file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/recipe.h"
#include "cli/recipe_plan.h"
#include "cli/recipe_run.h"

namespace quantface {

namespace {

struct RunOptions {
    std::string recipe, out;
    std::vector<std::string> set;
    bool dry_run = false;
    JsonOptions json;
};

std::string missing_required(const StudyReport& report) {
    std::string text;
    size_t more = 0;
    for (const MissingThing& thing : report.missing) {
        if (thing.optional) continue;
        if (text.empty()) {
            text = thing.what;
        } else {
            ++more;
        }
    }
    return more == 0 ? text : fmt::format("{}, and {} more", text, more);
}

// How the study went, as an error where it did not go well.
void conclude(const RunOptions& options, const StudyReport& report) {
    const auto failed = std::count_if(report.steps.begin(), report.steps.end(), [](const StepReport& step) {
        return step.state == StepState::kFailed;
    });
    if (failed > 0) {
        fail_work(fmt::format("{}: {} of {} steps failed; their logs are in {}", options.recipe, failed,
                              report.steps.size(), (report.out / "logs").string()));
    }
    const std::string missing = missing_required(report);
    if (!missing.empty()) fail_bad_input(options.recipe + ": " + missing);
    // All that is missing may be, but then there is no study.
    const StepReport& evaluation = report.steps.back();
    if (evaluation.state == StepState::kMissing) fail_bad_input(options.recipe + ": " + evaluation.why);
}

void run_recipe(const RunOptions& options, Progress& progress) {
    const StudyRecipe recipe = read_recipe(options.recipe, options.set);
    const StudyPlan plan =
        plan_study(recipe, options.out.empty() ? recipe.out : std::filesystem::path(options.out));
    const StudyReport survey = survey_study(recipe, plan);
    const bool speaks = !options.json.print;
    if (speaks)
        fmt::print("{}: {}\n\n{}\n", recipe.name, plan.out.string(), study_table(survey, options.dry_run));
    if (options.dry_run) {
        put_json(options.json, to_json(recipe, survey));
        return conclude(options, survey);
    }
    const StudyReport report = run_study(recipe, plan, speaks, progress);
    put_json(options.json, to_json(recipe, report));
    if (speaks) fmt::print("\n{}", study_table(report, false));
    conclude(options, report);
}

}  // namespace

void add_run_command(CLI::App& program, Action& action) {
    auto options = std::make_shared<RunOptions>();
    CLI::App* command = program.add_subcommand(
        "run", "A whole study: networks x bits x faces, measured on benchmarks, in one report");
    command->add_option("RECIPE", options->recipe, "A .toml file (docs/recipes.md)")->required();
    command->add_option("--out", options->out, "Where the study's files go (default: as the recipe says)")
        ->type_name("DIR");
    command->add_flag("--dry-run", options->dry_run, "Only say what would be done, and by which commands");
    command
        ->add_option("--set", options->set,
                     "Change the recipe: quantize.images=64, bits=[\"w4a8\"], teacher.NAME.model=FILE")
        ->type_name("KEY=VALUE")
        ->take_all()
        ->allow_extra_args(false);
    add_json_options(*command, options->json);
    command->callback(
        [options, &action] { action = [options](Progress& progress) { run_recipe(*options, progress); }; });
}

}  // namespace quantface
